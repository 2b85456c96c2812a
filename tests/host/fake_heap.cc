// The network server's heap over the host's malloc, so that the address sanitizer sees each block's
// bounds. Blocks count as whole slabs once they add up to them.
#include <cstdlib>
#include <cstring>
#include <malloc.h>

#include "net/heap.hh"

Heap net_heap;
static size_t bytes_in_use;

void Heap::initialise(void* region, size_t size)
{
    region_ = static_cast<std::byte*>(region);
    slab_count_ = free_slabs_ = size / slab_bytes;
}

void* Heap::allocate(size_t size)
{
    if (bytes_in_use + size > total_bytes()) {
        return nullptr;
    }
    void* block = std::malloc(size);
    bytes_in_use += malloc_usable_size(block);
    free_slabs_ = slab_count_ - (bytes_in_use + slab_bytes - 1) / slab_bytes;
    return block;
}

void Heap::free(void* block)
{
    bytes_in_use -= malloc_usable_size(block);
    free_slabs_ = slab_count_ - (bytes_in_use + slab_bytes - 1) / slab_bytes;
    std::free(block);
}

extern "C" {
void* net_heap_allocate(size_t size) { return net_heap.allocate(size); }

void* net_heap_allocate_zeroed(size_t count, size_t size)
{
    void* block = net_heap.allocate(count * size);
    return block != nullptr ? std::memset(block, 0, count * size) : nullptr;
}

void net_heap_free(void* memory) { net_heap.free(memory); }
}
