// A child that never gives up the CPU must not keep it from its parent.
#include "lib/lib.hh"

void umain(int, char**)
{
    cprintf("I am the parent.  Forking the child...\n");
    const envid_t child = fork();
    if (child == 0) {
        cprintf("I am the child.  Spinning...\n");
        for (;;) {
            asm volatile("");
        }
    }
    cprintf("I am the parent.  Running the child...\n");
    for (int i = 0; i < 8; i++) {
        sys_yield();
    }
    cprintf("I am the parent.  Killing the child...\n");
    sys_env_destroy(child);
}
