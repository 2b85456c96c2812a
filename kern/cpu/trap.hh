// Traps: from user mode, exceptions of programs and system calls; interrupts from anywhere.
#pragma once
#include "inc/trap.hh"

void traps_init();                      // the boot CPU's interrupt table

// Called by kern/cpu/trap_entry.S. Returns only to kernel code that an interrupt found halted.
extern "C" void trap(Trapframe* frame);
extern "C" [[noreturn]] void trap_return(const Trapframe* frame);
