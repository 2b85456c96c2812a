// Which kernel stack is in use, from the stack pointer alone: works however broken the rest is.
#pragma once
#include <cstdint>

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

// The stack this code runs on, and the CPU that it belongs to, the boot CPU where that cannot be
// told.
StackRange current_kernel_stack();
unsigned current_cpu_number();
unsigned cpu_of_stack(uintptr_t pointer);

// The end of the stack that a CPU reports its double fault on.
uintptr_t double_fault_stack_top(unsigned cpu);
