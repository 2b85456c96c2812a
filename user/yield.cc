// Gives up the CPU a few times.
#include "lib/lib.hh"

void umain(int, char**)
{
    const auto id = static_cast<unsigned>(thisenv->env_id);
    cprintf("Hello, I am environment %08x.\n", id);
    for (int i = 0; i < 5; i++) {
        sys_yield();
        cprintf("Back in environment %08x, iteration %d.\n", id, i);
    }
    cprintf("All done in environment %08x.\n", id);
}
