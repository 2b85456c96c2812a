// The same handler as faultalloc's, but the fault happens in the kernel, which asks nobody: a bad
// pointer given to a system call ends the program.
#include "lib/lib.hh"

static void handler(UTrapframe* frame)
{
    const uintptr_t va = frame->utf_fault_va;
    cprintf("fault %x\n", static_cast<unsigned>(va));
    sys_page_alloc(0, reinterpret_cast<void*>(round_down(va, page_size)), PTE_P | PTE_U | PTE_W);
}

static volatile uintptr_t address = 0xDEADBEEF;

void umain(int, char**)
{
    set_pgfault_handler(handler);
    sys_cputs(reinterpret_cast<char*>(address), 4);
}
