#include "net/heap.hh"

#include "inc/stdio.hh"
#include "inc/string.hh"

Heap net_heap;

void Heap::initialise(void* region, size_t size)
{
    region_ = static_cast<std::byte*>(region);
    slab_count_ = size / slab_bytes;
    free_slabs_ = 0;
    free_list_ = nullptr;
    for (Slab*& list : partial_) {
        list = nullptr;
    }
    for (size_t i = slab_count_; i > 0; i--) {
        free_slab(slab_at(i - 1));
    }
}

constexpr Heap::ClassTable Heap::class_table = make_class_table();

void Heap::link(Slab*& list, Slab* slab)
{
    slab->previous = nullptr;
    slab->next = list;
    if (list != nullptr) {
        list->previous = slab;
    }
    list = slab;
}

void Heap::unlink(Slab*& list, Slab* slab)
{
    if (slab->previous != nullptr) {
        slab->previous->next = slab->next;
    } else {
        list = slab->next;
    }
    if (slab->next != nullptr) {
        slab->next->previous = slab->previous;
    }
}

void Heap::free_slab(Slab* slab)
{
    *slab = {};
    link(free_list_, slab);
    free_slabs_++;
}

// Makes a free slab one for blocks of a class; null if none is free.
Heap::Slab* Heap::take_slab(size_t block_class)
{
    Slab* slab = free_list_;
    if (slab == nullptr) {
        return nullptr;
    }
    unlink(free_list_, slab);
    free_slabs_--;
    *slab = {};
    slab->untouched = static_cast<uint16_t>(blocks_in(block_class));
    slab->block_class = static_cast<uint16_t>(block_class);
    slab->magic = slab_in_use;
    link(partial_[block_class], slab);
    return slab;
}

// A block that is bigger than the classes' biggest: the first neighbouring slabs that are free.
void* Heap::allocate_slabs(size_t size)
{
    const size_t needed = (size + header_bytes + slab_bytes - 1) / slab_bytes;
    size_t found = 0;
    for (size_t i = 0; i < slab_count_ && needed <= free_slabs_; i++) {
        if (slab_at(i)->magic == slab_in_use) {
            i += slab_at(i)->block_class == class_count ? slab_at(i)->used - 1u : 0u;
            found = 0;
            continue;
        }
        if (++found < needed) {
            continue;
        }
        Slab* first = slab_at(i + 1 - needed);
        for (size_t k = i + 1 - needed; k <= i; k++) {
            unlink(free_list_, slab_at(k));
        }
        free_slabs_ -= needed;
        *first = {};
        first->used = static_cast<uint16_t>(needed);
        first->block_class = class_count;
        first->magic = slab_in_use;
        return reinterpret_cast<std::byte*>(first) + header_bytes;
    }
    return nullptr;
}

void* Heap::allocate(size_t size)
{
    if (size > max_block) {
        return size < slab_count_ * slab_bytes ? allocate_slabs(size) : nullptr;
    }
    const size_t block_class = class_table[(size + 15) / 16];
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
        unlink(partial_[block_class], slab);
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
    const size_t number = offset / slab_bytes;
    Slab* slab = slab_at(number);
    if (slab->magic != slab_in_use || slab->used == 0) {
        cprintf("ns: free of %p, which is no block in use\n", block);
        return;
    }
    if (slab->block_class == class_count) {
        for (size_t i = number + slab->used; i > number; i--) {
            free_slab(slab_at(i - 1));
        }
        return;
    }

    Slab*& list = partial_[slab->block_class];
    if (slab->free == nullptr && slab->untouched == 0) {
        link(list, slab);               // it was full
    }
    FreeBlock* freed = static_cast<FreeBlock*>(block);
    freed->next = slab->free;
    slab->free = freed;
    slab->used--;
    if (slab->used == 0) {
        unlink(list, slab);
        free_slab(slab);
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
    size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        return nullptr;
    }
    void* block = net_heap.allocate(bytes);
    return block != nullptr ? memset(block, 0, bytes) : nullptr;
}

void net_heap_free(void* memory) { net_heap.free(memory); }
