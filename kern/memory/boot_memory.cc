#include "kern/memory/boot_memory.hh"

#include <algorithm>

#include "kern/debug/panic.hh"

namespace {
constexpr uint64_t mappable_bytes = 0x1'0000'0000 - KERNBASE;
}

bool MemoryMap::is_usable(uint32_t frame) const
{
    return std::any_of(ranges.begin(), ranges.begin() + count, [frame](const Range& range) {
        return frame >= range.begin && frame < range.end;
    });
}

MemoryMap read_memory_map()
{
    const auto& info = *reinterpret_cast<const BootInfo*>(to_pointer({BOOT_INFO}));
    MemoryMap map;
    uint64_t unmapped = 0;
    for (uint32_t i = 0; i < std::min(info.entry_count, max_e820_entries); ++i) {
        const auto& entry = info.entries[i];
        if (entry.type != e820_usable || entry.length == 0) {
            continue;
        }
        const uint64_t top = entry.base + entry.length;
        const uint64_t mapped_top = std::min(top, mappable_bytes);
        unmapped += top - std::max(mapped_top, entry.base);
        if (entry.base < mapped_top) {
            const auto begin = static_cast<uint32_t>(round_up(entry.base, page_size) >> page_shift);
            const auto range_end = static_cast<uint32_t>(mapped_top >> page_shift);
            map.ranges[map.count++] = {begin, range_end};
            map.end.value = std::max(map.end.value, range_end << page_shift);
        }
    }
    map.unmapped_mib = static_cast<uint32_t>(unmapped >> 20);
    if (map.count == 0) {
        panic("the BIOS reported no usable memory (INT 15h, AX=E820h): %u entries",
              static_cast<unsigned>(info.entry_count));
    }
    return map;
}

BootAllocator::BootAllocator(std::byte* image_end, PhysAddr limit)
    : next_(to_pointer({round_up(to_physical(image_end).value, page_size)})),
      limit_(to_pointer({0}) + limit.value)
{
}

void* BootAllocator::allocate_bytes(size_t bytes)
{
    std::byte* const begin = next_;
    bytes = round_up(bytes, page_size);
    if (bytes > static_cast<size_t>(limit_ - next_)) {
        panic("memory is too small for the kernel's tables: %u bytes more needed",
              static_cast<unsigned>(bytes - static_cast<size_t>(limit_ - next_)));
    }
    next_ += bytes;
    std::fill_n(begin, bytes, std::byte{0});
    return begin;
}
