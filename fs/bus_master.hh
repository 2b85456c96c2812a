// The bus master of a PCI IDE controller: it moves the data of the first channel's commands between
// drive and memory, while the CPU does something else.
#pragma once
#include <cstddef>
#include <cstdint>

#include "inc/result.hh"

namespace fs {

enum class Direction { from_disk, to_disk };

class BusMaster {
public:
    // What one command may move: pages that need not follow each other in physical memory.
    static constexpr uint32_t max_pages = 256;

    constexpr BusMaster() = default;

    // Asks the kernel for it: no_device.
    Result<void> attach();

    // Gets ready to move these pages of ours, which must stay where they are until stop().
    // invalid_argument: more than max_pages, or not whole pages that we have.
    Result<void> prepare(const std::byte* memory, uint32_t pages, Direction direction);
    // After the drive has got its command.
    void start();
    // Whether the drive has said that it is done, or failed.
    bool is_finished() const;
    // Ends the transfer, finished or not: io if not all was moved.
    Result<void> stop();

private:
    uint16_t base_ = 0;                 // its first port
    uint8_t direction_ = 0;             // as its command register wants it
};

}  // namespace fs
