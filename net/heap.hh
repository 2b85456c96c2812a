// The core server's heap: lwIP's packet buffers and our small objects, in a region that is
// allocated once and never grows, so that a flood costs connections their speed but the machine
// no memory.
//
// Blocks of a few sizes come from slabs (runs of 4 pages that hold blocks of one size), all in
// constant time; a slab whose last block is freed serves any size again. What is bigger (a large
// datagram in one piece) takes neighbouring slabs whole, found by a search: it is rare.
#pragma once
#include <array>

#include "inc/types.hh"

class Heap {
public:
    static constexpr size_t slab_bytes = 4 * page_size;
    static constexpr size_t max_block = 4032;

    // Takes over `size` bytes at `region` (aligned to slab_bytes).
    void initialise(void* region, size_t size);

    void* allocate(size_t size);        // aligned to 16; null if there is no room
    void free(void* block);             // null is fine; what is no block is reported and ignored

    size_t total_bytes() const { return slab_count_ * slab_bytes; }
    size_t free_slabs() const { return free_slabs_; }
    // Whether so little is left that it should be kept for what arrives and for answers to it.
    bool is_low() const { return free_slabs_ < slab_count_ / 4; }
    bool is_very_low() const { return free_slabs_ < slab_count_ / 8; }

private:
    struct FreeBlock {
        FreeBlock* next = nullptr;
    };
    // At the start of each slab; the blocks follow.
    struct Slab {
        Slab* next = nullptr;           // in its class's list of slabs with free blocks, or in
        Slab* previous = nullptr;       // the list of free slabs
        FreeBlock* free = nullptr;      // blocks that were used before
        uint16_t untouched = 0;         // blocks at the end that never were
        uint16_t used = 0;
        uint16_t block_class = 0;       // or class_count: one block over `used` slabs
        uint16_t magic = 0;
    };
    static constexpr size_t header_bytes = 32;
    static_assert(sizeof(Slab) <= header_bytes);
    static constexpr uint16_t slab_in_use = 0x51AB;
    static constexpr uint16_t sizes[] = {32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024,
                                         1616, 2032, max_block};
    static constexpr size_t class_count = sizeof(sizes) / sizeof(sizes[0]);

    // The smallest class for a block, by how many times 16 bytes that is.
    using ClassTable = std::array<uint8_t, max_block / 16 + 1>;
    static constexpr ClassTable make_class_table()
    {
        ClassTable table{};
        for (size_t units = 0, found = 0; units < table.size(); units++) {
            found += units * 16 > sizes[found] ? 1 : 0;
            table[units] = static_cast<uint8_t>(found);
        }
        return table;
    }
    static const ClassTable class_table;
    static constexpr size_t blocks_in(size_t block_class)
    {
        return (slab_bytes - header_bytes) / sizes[block_class];
    }
    Slab* slab_at(size_t number) const
    {
        return reinterpret_cast<Slab*>(region_ + number * slab_bytes);
    }
    void* allocate_slabs(size_t size);
    void free_slab(Slab* slab);
    Slab* take_slab(size_t block_class);
    static void link(Slab*& list, Slab* slab);
    static void unlink(Slab*& list, Slab* slab);

    std::byte* region_ = nullptr;
    size_t slab_count_ = 0;
    size_t free_slabs_ = 0;
    Slab* free_list_ = nullptr;
    Slab* partial_[class_count] = {};
};

extern Heap net_heap;
