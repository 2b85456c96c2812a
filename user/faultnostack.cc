// Has an upcall for page faults but no exception stack to run it on.
#include "lib/lib.hh"

extern "C" void pgfault_upcall();       // lib/pgfault_entry.S

static volatile uintptr_t address = 0;

void umain(int, char**)
{
    sys_env_set_pgfault_upcall(0, reinterpret_cast<void*>(pgfault_upcall));
    *reinterpret_cast<volatile int*>(address) = 0;
}
