// Has an exception stack, but an upcall that is no code.
#include "lib/lib.hh"

static volatile uintptr_t address = 0;

void umain(int, char**)
{
    sys_page_alloc(0, reinterpret_cast<void*>(UXSTACKTOP - PGSIZE), PTE_P | PTE_U | PTE_W);
    sys_env_set_pgfault_upcall(0, reinterpret_cast<void*>(0xDEADBEEF));
    *reinterpret_cast<volatile int*>(address) = 0;
}
