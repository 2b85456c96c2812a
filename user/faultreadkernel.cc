// Reads the kernel's memory.
#include "lib/lib.hh"

static volatile uintptr_t address = 0xF0100000;

void umain(int, char**)
{
    cprintf("I read %08x from location 0xf0100000!\n",
            *reinterpret_cast<volatile unsigned*>(address));
}
