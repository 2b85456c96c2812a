// Reads address 0.
#include "lib/lib.hh"

static volatile uintptr_t address = 0;

void umain(int, char**)
{
    cprintf("I read %08x from location 0!\n", *reinterpret_cast<volatile unsigned*>(address));
}
