// Function, file and line of a kernel address, from DWARF that the build boils down to a table
// linked into the kernel (tools/symbol_table.py).
#pragma once
#include <cstdint>

struct SourcePlace {
    const char* function = "<unknown>";     // demangled
    const char* file = "<unknown>";         // as in the tree: kern/debug/monitor.cc
    uint32_t line = 0;
    uint32_t function_start = 0;            // address; 0 if unknown
};

// The place of the instruction at `eip`; for a return address pass eip - 1.
SourcePlace source_place(uintptr_t eip);
