// The double fault: the CPU could not even deliver a trap, as a rule because the kernel stack is
// used up. Each CPU has a task for it, with a stack of its own, so that there is a report instead
// of a reset. Intel SDM volume 3, 6.15 and 8.2.
#pragma once
#include <cstdint>

#include "inc/layout.h"

inline constexpr uint16_t double_fault_task = GD_TSS0 + 8;      // its selector, on each CPU

// For this CPU, after its segments and the kernel's own page directory are loaded.
void double_fault_init();
