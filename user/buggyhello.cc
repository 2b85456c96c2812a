// Prints from an address that is not its own.
#include "lib/lib.hh"

static volatile uintptr_t address = 1;

void umain(int, char**)
{
    sys_cputs(reinterpret_cast<char*>(address), 1);
}
