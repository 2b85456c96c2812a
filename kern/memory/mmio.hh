// Device registers in the kernel's address space.
#pragma once
#include <cstdint>

#include "inc/result.hh"
#include "kern/memory/frames.hh"

// Maps `size` bytes of device memory at `address`, uncached, for good; pages of 4 KiB.
// no_memory: the 4 MiB window (MMIOBASE to MMIOLIM) or memory for page tables is used up.
Result<volatile std::byte*> mmio_map(PhysAddr address, size_t size);
