// Ends with status 1, for scripts.
#include "lib/lib.hh"

void umain(int, char**)
{
    exit(1);
}
