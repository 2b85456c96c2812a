// Traps: from user mode, exceptions of programs and system calls; interrupts from anywhere.
#pragma once
#include "inc/trap.hh"

void traps_init();                      // builds the interrupt table, and loads it
void traps_load();                      // has this CPU use it

// Called by kern/cpu/trap_entry.S. Returns only to kernel code that an interrupt found halted.
extern "C" void trap(Trapframe* frame);
extern "C" [[noreturn]] void trap_return(const Trapframe* frame);
