// The second drive of the PC's first IDE channel, the disk that holds the file system, with
// programmed I/O (ATA/ATAPI-6, 9.5 and 9.6): commands of up to 256 blocks, 8 KiB an interrupt.
#pragma once
#include <cstddef>
#include <cstdint>

#include "fs/disk.hh"

namespace fs {

class IdeDisk final : public Disk {
public:
    constexpr IdeDisk() = default;

    // Finds the drive and asks for its size: no_device (none, or no disk), io (it does not
    // answer as a disk does).
    Result<void> attach();

    uint32_t block_count() const override { return block_count_; }
    Result<void> read(uint32_t first, uint32_t count, std::byte* to) override;
    Result<void> write(uint32_t first, uint32_t count, const std::byte* from) override;
    Result<void> flush() override;

private:
    void set_multiple();
    Result<void> prepare();
    void reset();
    void start(uint64_t sector, uint32_t sectors, bool is_write);
    uint32_t max_sectors() const { return lba48_ ? 2048 : 256; }

    uint32_t block_count_ = 0;
    uint32_t sectors_at_once_ = 1;      // that the drive moves an interrupt
    uint32_t max_at_once_ = 1;          // as it says itself
    bool lba48_ = false;
};

}  // namespace fs
