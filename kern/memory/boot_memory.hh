// Memory before there is an allocator: the BIOS's map, and a bump allocator behind the kernel.
#pragma once
#include <array>

#include "kern/memory/frames.hh"

// The usable ranges below what KERNBASE can map, in frame numbers [begin, end).
struct MemoryMap {
    struct Range {
        uint32_t begin = 0, end = 0;
    };
    std::array<Range, max_e820_entries> ranges{};
    size_t count = 0;
    PhysAddr end{};                     // first address above all of them
    uint32_t unmapped_mib = 0;          // usable memory above KERNBASE's reach, left unused

    bool is_usable(uint32_t frame) const;
};

// The map as the boot sector left it; panics if it holds no memory at all.
MemoryMap read_memory_map();

// Hands out zeroed memory between the kernel's image and the end of memory, for good.
class BootAllocator {
public:
    BootAllocator(std::byte* image_end, PhysAddr limit);
    template <typename T> T* allocate(size_t count)
    {
        return static_cast<T*>(allocate_bytes(count * sizeof(T)));
    }
    PhysAddr end() const { return to_physical(next_); }

private:
    void* allocate_bytes(size_t bytes);     // page aligned; panics when memory is used up

    std::byte* next_;
    std::byte* limit_;
};

// The frame allocator's own tables.
void frames_allocate(const MemoryMap& map, BootAllocator& boot);
// Takes the frames that neither the kernel nor the boot allocator uses. No boot allocation after.
void frames_init(const MemoryMap& map, const BootAllocator& boot);

// The reference counts, for the read-only window of programs at UPAGES.
PhysAddr frame_references_table();
size_t frame_references_bytes();
