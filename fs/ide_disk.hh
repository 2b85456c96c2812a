// The second drive of the PC's first IDE channel, the disk that holds the file system. Data moves
// by the controller's bus master where there is one that works (up to 1 MiB a command), and by
// programmed I/O elsewhere (8 KiB an interrupt). While the drive works the environment sleeps.
#pragma once
#include <cstddef>
#include <cstdint>

#include "fs/bus_master.hh"
#include "fs/disk.hh"

namespace fs {

class IdeDisk final : public Disk {
public:
    constexpr IdeDisk() = default;

    // Finds the drive and asks for its size: no_device (none, or no disk), io (it does not
    // answer as a disk does).
    Result<void> attach();

    uint32_t block_count() const override { return block_count_; }
    bool uses_dma() const { return dma_; }

    // If the bus master fails, the drive gets another try without it; after several of these there
    // is no more DMA.
    Result<void> read(uint32_t first, uint32_t count, std::byte* to) override;
    Result<void> write(uint32_t first, uint32_t count, const std::byte* from) override;
    Result<void> flush() override;

private:
    // Sectors that one command moves, from memory or to it.
    struct Transfer {
        uint64_t sector = 0;
        uint32_t sectors = 0;
        std::byte* memory = nullptr;
        Direction direction = Direction::from_disk;
    };
    enum class Method { dma, programmed };

    void set_multiple();
    Result<void> prepare();
    void reset();
    void start(const Transfer& transfer, Method method);
    Result<void> move(const Transfer& transfer);
    Result<void> move(uint32_t first, uint32_t count, std::byte* memory, Direction direction);
    Result<void> move_by_dma(const Transfer& transfer);
    Result<void> move_by_cpu(const Transfer& transfer);
    uint32_t max_blocks() const { return lba48_ ? 256 : 32; }

    uint32_t block_count_ = 0;
    uint32_t sectors_at_once_ = 1;      // that the drive moves an interrupt, programmed
    uint32_t max_at_once_ = 1;          // as it says itself
    bool lba48_ = false;
    bool dma_ = false;
    uint32_t dma_failures_ = 0;         // since the last success
    BusMaster bus_master_{};
};

}  // namespace fs
