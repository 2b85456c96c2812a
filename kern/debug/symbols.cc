#include "kern/debug/symbols.hh"

#include <algorithm>
#include <span>

// Missing in the kernel's first link, from which the table is made.
extern "C" [[gnu::weak]] const SymbolTable symbol_table;

namespace {

// The last entry that begins at `address` or below; null if there is none.
template <typename Entry>
const Entry* entry_at(std::span<const Entry> entries, uintptr_t address,
                      uint32_t Entry::*begin_of)
{
    const auto after = std::upper_bound(
        entries.begin(), entries.end(), address,
        [begin_of](uintptr_t value, const Entry& entry) { return value < entry.*begin_of; });
    return after == entries.begin() ? nullptr : &*(after - 1);
}

} // namespace

SourcePlace find_place(const SymbolTable& table, uintptr_t address)
{
    SourcePlace place;
    const std::span functions(table.functions, table.function_count);
    const auto* const function = entry_at(functions, address, &SymbolTable::Function::begin);
    if (function == nullptr || address - function->begin >= function->size) {
        return place;
    }
    place.function = function->name;
    place.function_start = function->begin;

    const std::span lines(table.lines, table.line_count);
    const auto* const line = entry_at(lines, address, &SymbolTable::Line::address);
    if (line != nullptr && line->line != 0 && line->file < table.file_count) {
        place.file = table.files[line->file];
        place.line = line->line;
    }
    return place;
}

SourcePlace source_place(uintptr_t eip)
{
    // The optimiser may not conclude from the declaration that the table is there.
    const SymbolTable* table = &symbol_table;
    asm("" : "+r"(table));
    return table != nullptr ? find_place(*table, eip) : SourcePlace{};
}
