// Touches an I/O port, which only the file server may.
#include "lib/lib.hh"

void umain(int, char**)
{
    uint32_t eflags;
    asm volatile("pushfl; popl %0" : "=r"(eflags));
    if ((eflags & FL_IOPL_3) != 0) {
        cprintf("eflags wrong\n");
    }
    asm volatile("outb %b0, %w1" : : "a"(0xF0), "d"(0x1F6));
    cprintf("%s: made it here --- bug\n", binaryname);
}
