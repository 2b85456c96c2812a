// What the boot sector leaves at BOOT_INFO for the kernel: the BIOS's memory map.
#pragma once
#include <cstdint>

inline constexpr uint32_t e820_usable = 1;
inline constexpr uint32_t max_e820_entries = 64;

// Packed as INT 15h, AX=E820h writes it: 20 bytes an entry.
struct [[gnu::packed]] BootInfo {
    uint32_t entry_count;               // 0: the BIOS gave none
    struct [[gnu::packed]] {
        uint64_t base, length;
        uint32_t type;
    } entries[max_e820_entries];
};
static_assert(sizeof(BootInfo) == 4 + 20 * max_e820_entries);
