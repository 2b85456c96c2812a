// Raises the page-fault interrupt itself, which only the hardware may: General Protection.
#include "lib/lib.hh"

void umain(int, char**)
{
    asm volatile("int $14");
}
