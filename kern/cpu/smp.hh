// The CPUs beside the boot CPU: started, woken, stopped.
#pragma once
#include "kern/cpu/cpu.hh"

void smp_init();                    // the boot CPU's local APIC; before clock_init
void smp_start_cpus();              // at the end of kernel_main, holding the kernel lock

// Has a CPU that is halted, or else one that runs an environment without a tick, see that there are
// runnable environments; false if there is none.
bool smp_wake_another_cpu();

// Returns when `cpu`, another one, is not in user mode: its environment's registers are saved,
// and it translates no more with what it had cached.
void smp_pull_into_kernel(Cpu& cpu);

// A CPU without work keeps the address space of what it ran last: as a rule it runs that next.
// These are for such a CPU while it does not hold the kernel lock: the first leaves that address
// space if another CPU waits for that (leave_directory_elsewhere); the second takes the lock.
void smp_leave_space_if_asked();
void smp_lock_from_idle();
