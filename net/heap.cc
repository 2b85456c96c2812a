#include "net/heap.hh"

#include "inc/stdio.hh"
#include "inc/string.hh"

Heap net_heap;

void Heap::initialise(void* region, size_t size)
{
    region_ = static_cast<std::byte*>(region);
    slab_count_ = size / slab_bytes;
    free_slabs_ = slab_count_;
    free_list_ = nullptr;
    for (Slab*& list : partial_) {
        list = nullptr;
    }
    for (size_t i = slab_count_; i > 0; i--) {
        Slab* slab = reinterpret_cast<Slab*>(region_ + (i - 1) * slab_bytes);
        *slab = {};
        slab->next = free_list_;
        free_list_ = slab;
    }
}

size_t Heap::class_of(size_t size)
{
    size_t found = 0;
    while (sizes[found] < size) {
        found++;
    }
    return found;
}

void Heap::link(Slab* slab)
{
    Slab*& list = partial_[slab->block_class];
    slab->previous = nullptr;
    slab->next = list;
    if (list != nullptr) {
        list->previous = slab;
    }
    list = slab;
}

void Heap::unlink(Slab* slab)
{
    if (slab->previous != nullptr) {
        slab->previous->next = slab->next;
    } else {
        partial_[slab->block_class] = slab->next;
    }
    if (slab->next != nullptr) {
        slab->next->previous = slab->previous;
    }
}

// Makes a free slab one for blocks of a class; null if none is free.
Heap::Slab* Heap::take_slab(size_t block_class)
{
    Slab* slab = free_list_;
    if (slab == nullptr) {
        return nullptr;
    }
    free_list_ = slab->next;
    free_slabs_--;
    *slab = {};
    slab->untouched = static_cast<uint16_t>(blocks_in(block_class));
    slab->block_class = static_cast<uint16_t>(block_class);
    slab->magic = slab_in_use;
    link(slab);
    return slab;
}

void* Heap::allocate(size_t size)
{
    if (size > max_block) {
        return nullptr;
    }
    const size_t block_class = class_of(size);
    Slab* slab = partial_[block_class];
    if (slab == nullptr) {
        slab = take_slab(block_class);
        if (slab == nullptr) {
            return nullptr;
        }
    }

    void* block = slab->free;
    if (block != nullptr) {
        slab->free = slab->free->next;
    } else {
        const size_t index = blocks_in(block_class) - slab->untouched;
        block = reinterpret_cast<std::byte*>(slab) + header_bytes + index * sizes[block_class];
        slab->untouched--;
    }
    slab->used++;
    if (slab->free == nullptr && slab->untouched == 0) {
        unlink(slab);
    }
    return block;
}

void Heap::free(void* block)
{
    if (block == nullptr) {
        return;
    }
    const size_t offset = static_cast<size_t>(static_cast<std::byte*>(block) - region_);
    if (offset >= slab_count_ * slab_bytes) {
        cprintf("ns: free of %p, which is outside the heap\n", block);
        return;
    }
    Slab* slab = reinterpret_cast<Slab*>(region_ + round_down(offset, slab_bytes));
    if (slab->magic != slab_in_use || slab->used == 0) {
        cprintf("ns: free of %p, which is no block in use\n", block);
        return;
    }

    const bool was_full = slab->free == nullptr && slab->untouched == 0;
    FreeBlock* freed = static_cast<FreeBlock*>(block);
    freed->next = slab->free;
    slab->free = freed;
    slab->used--;
    if (was_full) {
        link(slab);
    }
    if (slab->used == 0) {
        unlink(slab);
        *slab = {};
        slab->next = free_list_;
        free_list_ = slab;
        free_slabs_++;
    }
}

extern "C" {
void* net_heap_allocate(size_t size);
void* net_heap_allocate_zeroed(size_t count, size_t size);
void net_heap_free(void* memory);
}

void* net_heap_allocate(size_t size) { return net_heap.allocate(size); }

void* net_heap_allocate_zeroed(size_t count, size_t size)
{
    if (size != 0 && count > Heap::max_block / size) {
        return nullptr;
    }
    void* block = net_heap.allocate(count * size);
    return block != nullptr ? memset(block, 0, count * size) : nullptr;
}

void net_heap_free(void* memory) { net_heap.free(memory); }
