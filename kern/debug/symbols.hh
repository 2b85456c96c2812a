// Function, file and line of a kernel address, from DWARF that the build boils down to a table
// linked into the kernel (tools/symbol_table.py).
#pragma once
#include <cstdint>

struct SourcePlace {
    const char* function = "<unknown>";     // demangled, without its parameters
    const char* file = "<unknown>";         // as in the tree: kern/debug/monitor.cc
    uint32_t line = 0;
    uint32_t function_start = 0;            // address; 0 if unknown
};

// The place of the instruction at `eip`; for a return address pass eip - 1.
SourcePlace source_place(uintptr_t eip);

// The table. Both lists are sorted by address.
struct SymbolTable {
    struct Function {
        uint32_t begin = 0, size = 0;
        const char* name = nullptr;
    };
    struct Line {                           // from this address on, up to the next entry
        uint32_t address = 0;
        uint16_t file = 0;                  // index in `files`
        uint16_t line = 0;                  // 0: no source
    };

    uint32_t function_count = 0;
    const Function* functions = nullptr;
    uint32_t line_count = 0;
    const Line* lines = nullptr;
    uint32_t file_count = 0;
    const char* const* files = nullptr;
};

SourcePlace find_place(const SymbolTable& table, uintptr_t address);
