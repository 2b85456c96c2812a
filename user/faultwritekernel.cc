// Writes to the kernel's memory.
#include "lib/lib.hh"

static volatile uintptr_t address = 0xF0100000;

void umain(int, char**)
{
    *reinterpret_cast<volatile unsigned*>(address) = 0;
}
