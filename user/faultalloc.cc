// Handles page faults by putting a page there: even a pointer from nowhere can be printed.
#include "lib/lib.hh"

static void handler(UTrapframe* frame)
{
    const uintptr_t va = frame->utf_fault_va;
    cprintf("fault %x\n", static_cast<unsigned>(va));
    const int result = sys_page_alloc(0, reinterpret_cast<void*>(round_down(va, page_size)),
                                      PTE_P | PTE_U | PTE_W);
    if (result < 0) {
        panic("allocating at %x in page fault handler: %s", static_cast<unsigned>(va),
              error_text(result));
    }
    snprintf(reinterpret_cast<char*>(va), 100, "this string was faulted in at %x",
             static_cast<unsigned>(va));
}

void umain(int, char**)
{
    set_pgfault_handler(handler);
    for (const uintptr_t va : {0xDEADBEEFu, 0xCAFEBFFEu}) {
        volatile uintptr_t hidden = va;
        cprintf("%s\n", reinterpret_cast<char*>(hidden));
    }
}
