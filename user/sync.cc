// Returns when everything that was written is on the disk.
#include "lib/lib.hh"
#include "lib/tool.hh"

void umain(int, char**)
{
    const int result = sync();
    exit(result < 0 && !complain("cannot write to the disk", result) ? 1 : 0);
}
