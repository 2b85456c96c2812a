// Loads programs that the kernel carries. Tool Interface Standard, ELF 1.2.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "kern/memory/address_space.hh"

// Maps the image's segments into `space` and returns its entry point. not_executable: not an
// ELF-32 image for the i386, or one with a segment that leaves the image or the program's part
// of the address space. no_memory. After an error `space` may hold a part of the image.
Result<uint32_t> load_elf(AddressSpace& space, std::span<const std::byte> image);
