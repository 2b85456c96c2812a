// Writes to address 0.
#include "lib/lib.hh"

static volatile uintptr_t address = 0;

void umain(int, char**)
{
    *reinterpret_cast<volatile unsigned*>(address) = 0;
}
