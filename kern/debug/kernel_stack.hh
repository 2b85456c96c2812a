// Where the kernel's stacks are, and which is in use, from the stack pointer alone: works however
// broken the rest is.
#pragma once
#include <cstdint>

#include "inc/layout.h"

// A CPU's stack with the gap below it; the end of a CPU's.
inline constexpr uintptr_t kernel_stack_slot = KSTKSIZE + KSTKGAP;
constexpr uintptr_t kernel_stack_top(unsigned cpu) { return KSTACKTOP - cpu * kernel_stack_slot; }

struct StackRange {
    uintptr_t begin = 0, end = 0;

    // Whether the aligned words [address, address + bytes) lie in the stack.
    bool holds(uintptr_t address, uintptr_t bytes) const
    {
        return address % 4 == 0 && address >= begin && address <= end && end - address >= bytes;
    }
};

// The kernel stack that `pointer`, a stack pointer, belongs to; one that has run over its stack's
// end still belongs to it. Outside the CPUs' stacks (the entry stack, the double faults'): what is
// certain to be mapped.
StackRange kernel_stack_at(uintptr_t pointer);

// The CPU that a stack belongs to, the boot CPU where that cannot be told.
unsigned cpu_of_other_stack(uintptr_t pointer);
[[gnu::always_inline]] inline unsigned cpu_of_stack(uintptr_t pointer)
{
    return pointer < KSTACKTOP
        ? static_cast<unsigned>((KSTACKTOP - 1 - pointer) / kernel_stack_slot)
        : cpu_of_other_stack(pointer);
}

// The stack this code runs on, and its CPU.
StackRange current_kernel_stack();
[[gnu::always_inline]] inline unsigned current_cpu_number()
{
    return cpu_of_stack(reinterpret_cast<uintptr_t>(__builtin_frame_address(0)));
}

// The end of the stack that a CPU reports its double fault on.
uintptr_t double_fault_stack_top(unsigned cpu);
