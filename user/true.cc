// Ends well, for scripts.
#include "lib/lib.hh"

void umain(int, char**)
{
}
