// Stops in the kernel's monitor; `continue` there goes on.
#include "lib/lib.hh"

void umain(int, char**)
{
    asm volatile("int $3");
}
