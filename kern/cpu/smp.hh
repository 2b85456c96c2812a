// The CPUs beside the boot CPU: started, woken, stopped.
#pragma once
#include "kern/cpu/cpu.hh"

void smp_init();                    // the boot CPU's local APIC; before clock_init
void smp_start_cpus();              // at the end of kernel_main, holding the kernel lock

// Has an idle CPU, if there is one, look at the queue of runnable environments.
void smp_wake_idle_cpu();

// Returns when `cpu`, another one, is not in user mode: its environment's registers are saved,
// and it translates no more with what it had cached.
void smp_pull_into_kernel(Cpu& cpu);
