// The double fault: the CPU could not even deliver a trap, as a rule because the kernel stack is
// used up. It gets a task of its own, with a stack of its own, so that there is a report instead
// of a reset. Intel SDM volume 3, 6.15 and 8.2.
#pragma once
#include "inc/layout.h"
#include "kern/cpu/cpu.hh"

inline constexpr uint16_t double_fault_task = GD_TSS0 + 8 * max_cpus;   // its selector

// Before the trap table is loaded, after the kernel's own page directory is.
void double_fault_init();
