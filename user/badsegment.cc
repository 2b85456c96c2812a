// Loads a segment register with what is no user segment (0x28): General Protection.
#include "lib/lib.hh"

void umain(int, char**)
{
    asm volatile("movw %w0, %%ds" ::"a"(GD_TSS0));
}
