// Many environments on all CPUs: each must run on one at a time.
#include "lib/lib.hh"

static volatile int counter = 0;

void umain(int, char**)
{
    const envid_t parent = sys_getenvid();
    for (int i = 0; i < 20 && fork() != 0; i++) {
    }
    if (sys_getenvid() == parent) {
        sys_yield();
        return;
    }
    while (envs[env_index(parent)].env_id == parent &&
           envs[env_index(parent)].env_status != EnvStatus::free) {
        asm volatile("pause");
    }
    for (int i = 0; i < 10; i++) {
        sys_yield();
        for (int j = 0; j < 10'000; j++) {
            counter = counter + 1;
        }
    }
    if (counter != 10 * 10'000) {
        panic("ran on two CPUs at once (counter is %d)", counter);
    }
    cprintf("[%08x] stresssched on CPU %d\n", static_cast<unsigned>(thisenv->env_id),
            static_cast<int>(thisenv->env_cpunum));
}
