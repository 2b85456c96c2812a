#include "kern/debug/panic.hh"
#include "kern/memory/frames.hh"

PhysAddr to_physical(const volatile void* pointer)
{
    const auto address = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(pointer));
    ASSERT(address >= KERNBASE);
    return {address - KERNBASE};
}
