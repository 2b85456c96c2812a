// Tries to print the kernel's entry point.
#include "lib/lib.hh"

static volatile uintptr_t address = 0xF010000C;

void umain(int, char**)
{
    sys_cputs(reinterpret_cast<char*>(address), 100);
}
