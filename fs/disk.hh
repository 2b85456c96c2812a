// A disk, as the block cache sees it: blocks of 4 KiB, moved in runs.
#pragma once
#include <cstddef>
#include <cstdint>

#include "inc/result.hh"

namespace fs {

class Disk {
public:
    virtual uint32_t block_count() const = 0;

    // Both move `count` blocks from block `first` on and return when it is done: io.
    virtual Result<void> read(uint32_t first, uint32_t count, std::byte* to) = 0;
    virtual Result<void> write(uint32_t first, uint32_t count, const std::byte* from) = 0;
    // Makes the disk write what it only keeps in its own memory.
    virtual Result<void> flush() = 0;

protected:
    ~Disk() = default;
};

}  // namespace fs
