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

// The stack this code runs on, and the CPU that it belongs to (the boot CPU's for the entry
// stack in the kernel's image).
StackRange current_kernel_stack();
unsigned current_cpu_number();
