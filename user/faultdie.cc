// Handles a page fault by telling of it and ending.
#include "lib/lib.hh"

static volatile uintptr_t address = 0xDEADBEEF;

static void handler(UTrapframe* frame)
{
    cprintf("i faulted at va %x, err %x\n", static_cast<unsigned>(frame->utf_fault_va),
            static_cast<unsigned>(frame->utf_err & 7));
    sys_env_destroy(sys_getenvid());
}

void umain(int, char**)
{
    set_pgfault_handler(handler);
    *reinterpret_cast<volatile int*>(address) = 0;
}
