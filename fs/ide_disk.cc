#include "fs/ide_disk.hh"

#include <algorithm>
#include <array>
#include <bit>

#include "fs/ide_registers.hh"
#include "fs/layout.hh"
#include "inc/ports.hh"
#include "inc/stdio.hh"
#include "lib/syscall.hh"

namespace fs {
namespace {

using namespace ide;

constexpr uint32_t sectors_per_block = block_size / sector_bytes;
static_assert(block_size == page_size, "the bus master is told pages");

constexpr uint32_t command_limit_ms = 5000, flush_limit_ms = 30000;
constexpr uint32_t polls_before_sleep = 32;     // most programmed commands are done by then
constexpr uint32_t max_dma_failures = 3;        // in a row, that programmed I/O makes good
constexpr uint32_t look_again_ms = 20;          // should an interrupt be lost

void command(Command number)
{
    port_out8(command_port, static_cast<uint8_t>(number));
}

// Waits until the drive is not busy and shows the bits `wanted`; returns its status, or io if it
// is stuck. Reading the status register takes back the interrupt, reading the alternate one
// leaves it.
Result<uint8_t> wait_status(uint8_t wanted, uint32_t limit_ms)
{
    const uint32_t start_ms = sys_time_msec();
    for (uint32_t tries = 0;; tries++) {
        if ((port_in8(alternate_status_port) & status_busy) == 0) {
            const uint8_t status = port_in8(status_port);
            if ((status & wanted) == wanted || (status & (status_error | status_fault)) != 0) {
                return status;
            }
        }
        if (tries >= polls_before_sleep) {
            if (sys_time_msec() - start_ms > limit_ms) {
                return Error::io;
            }
            sys_disk_wait(look_again_ms);
        }
    }
}

// The same, for the command that was started: io if it failed.
Result<void> wait_command(uint8_t wanted, uint32_t limit_ms = command_limit_ms)
{
    const uint8_t status = TRY(wait_status(wanted, limit_ms));
    if ((status & (status_error | status_fault)) != 0) {
        return Error::io;
    }
    return {};
}

void select_drive()
{
    port_out8(device_port, device_lba | device_second);
    for (int i = 0; i < 4; i++) {
        port_in8(alternate_status_port);        // 400 ns until its status counts
    }
}

}  // namespace

Result<void> IdeDisk::attach()
{
    port_out8(control_port, 0);         // interrupts on
    select_drive();
    const uint8_t status = port_in8(status_port);
    if (status == 0 || status == 0xFF) {
        return Error::no_device;
    }
    for (const uint16_t port : {sector_count_port, lba_low_port, lba_middle_port, lba_high_port}) {
        port_out8(port, 0);
    }
    command(Command::identify);
    if (port_in8(status_port) == 0) {
        return Error::no_device;
    }
    if (!wait_command(status_data)) {
        return Error::no_device;        // a CD drive refuses the command
    }
    std::array<uint16_t, 256> words{};
    port_read32(data_port, words.data(), sizeof words / 4);

    lba48_ = (words[word_features] & feature_lba48) != 0;
    const size_t at = lba48_ ? word_sectors_48 : word_sectors_28;
    const uint64_t sectors = words[at] | uint64_t{words[at + 1]} << 16
        | (lba48_ ? uint64_t{words[at + 2]} << 32 : 0);
    block_count_ = static_cast<uint32_t>(
        std::min<uint64_t>(sectors / sectors_per_block, max_disk_blocks));

    max_at_once_ = std::bit_floor(std::min<uint32_t>(words[word_multiple] & 0xFF, 16));
    set_multiple();
    // The firmware has chosen a DMA mode for drive and controller, if they can.
    const bool can_dma = (words[word_capabilities] & capability_dma) != 0
        && ((words[word_multiword_dma] | words[word_ultra_dma]) & selected_dma_modes) != 0;
    dma_ = can_dma && bus_master_.attach();
    return {};
}

// Has the drive move several sectors an interrupt, as many as it can, up to two blocks.
void IdeDisk::set_multiple()
{
    sectors_at_once_ = 1;
    if (max_at_once_ > 1) {
        port_out8(sector_count_port, static_cast<uint8_t>(max_at_once_));
        command(Command::set_multiple);
        if (wait_command(status_ready)) {
            sectors_at_once_ = max_at_once_;
        }
    }
}

// Makes sure that the drive takes a command, whatever became of the one before.
Result<void> IdeDisk::prepare()
{
    for (int tries = 0; tries < 2; tries++) {
        const auto status = wait_status(status_ready, command_limit_ms);
        if (status && (*status & status_data) == 0) {
            return {};
        }
        reset();
    }
    return Error::io;
}

// Software reset of the channel (ATA/ATAPI-6, 9.2).
void IdeDisk::reset()
{
    port_out8(control_port, control_reset);
    sys_sleep(1);                       // at least 5 us
    port_out8(control_port, 0);
    sys_sleep(2);                       // at least 2 ms
    select_drive();
    if (wait_status(status_ready, flush_limit_ms)) {
        set_multiple();
    }
}

// Tells the drive what to move: at most max_blocks().
void IdeDisk::start(const Transfer& transfer, Method method)
{
    const auto byte = [&](unsigned n) { return static_cast<uint8_t>(transfer.sector >> (8 * n)); };
    if (lba48_) {
        port_out8(device_port, device_lba | device_second);
        port_out8(sector_count_port, static_cast<uint8_t>(transfer.sectors >> 8));
        port_out8(lba_low_port, byte(3));
        port_out8(lba_middle_port, byte(4));
        port_out8(lba_high_port, byte(5));
    } else {
        port_out8(device_port, static_cast<uint8_t>(device_lba | device_second
                                                    | (byte(3) & 0x0F)));
    }
    port_out8(sector_count_port, static_cast<uint8_t>(transfer.sectors));   // 256 is written as 0
    port_out8(lba_low_port, byte(0));
    port_out8(lba_middle_port, byte(1));
    port_out8(lba_high_port, byte(2));

    const bool writes = transfer.direction == Direction::to_disk;
    if (method == Method::dma) {
        command(lba48_ ? (writes ? Command::write_dma_48 : Command::read_dma_48)
                       : (writes ? Command::write_dma : Command::read_dma));
    } else if (sectors_at_once_ > 1) {
        command(lba48_ ? (writes ? Command::write_multiple_48 : Command::read_multiple_48)
                       : (writes ? Command::write_multiple : Command::read_multiple));
    } else {
        command(lba48_ ? (writes ? Command::write_48 : Command::read_48)
                       : (writes ? Command::write : Command::read));
    }
}

Result<void> IdeDisk::move_by_dma(const Transfer& transfer)
{
    TRY(bus_master_.prepare(transfer.memory, transfer.sectors / sectors_per_block,
                            transfer.direction));
    start(transfer, Method::dma);
    bus_master_.start();
    const uint32_t start_ms = sys_time_msec();
    while (!bus_master_.is_finished() && sys_time_msec() - start_ms <= command_limit_ms) {
        sys_disk_wait(look_again_ms);
    }
    TRY(bus_master_.stop());
    return wait_command(status_ready);
}

Result<void> IdeDisk::move_by_cpu(const Transfer& transfer)
{
    start(transfer, Method::programmed);
    std::byte* at = transfer.memory;
    for (uint32_t done = 0; done < transfer.sectors;) {
        const uint32_t bytes =
            std::min(transfer.sectors - done, sectors_at_once_) * sector_bytes;
        TRY(wait_command(status_data));
        if (transfer.direction == Direction::from_disk) {
            port_read32(data_port, at, bytes / 4);
        } else {
            port_write32(data_port, at, bytes / 4);
        }
        at += bytes;
        done += bytes / sector_bytes;
    }
    return transfer.direction == Direction::to_disk ? wait_command(status_ready) : Result<void>();
}

// Moves what one command moves.
Result<void> IdeDisk::move(const Transfer& transfer)
{
    TRY(prepare());
    if (!dma_) {
        return move_by_cpu(transfer);
    }
    if (move_by_dma(transfer)) {
        dma_failures_ = 0;
        return {};
    }
    TRY(prepare());
    TRY(move_by_cpu(transfer));
    if (++dma_failures_ == max_dma_failures) {
        dma_ = false;
        cprintf("fs: the disk's DMA fails where programmed I/O does not: programmed I/O from now "
                "on\n");
    }
    return {};
}

Result<void> IdeDisk::move(uint32_t first, uint32_t count, std::byte* memory, Direction direction)
{
    while (count > 0) {
        const uint32_t blocks = std::min(count, max_blocks());
        TRY(move({uint64_t{first} * sectors_per_block, blocks * sectors_per_block, memory,
                  direction}));
        first += blocks;
        count -= blocks;
        memory += size_t{blocks} * block_size;
    }
    return {};
}

Result<void> IdeDisk::read(uint32_t first, uint32_t count, std::byte* to)
{
    return move(first, count, to, Direction::from_disk);
}

Result<void> IdeDisk::write(uint32_t first, uint32_t count, const std::byte* from)
{
    return move(first, count, const_cast<std::byte*>(from), Direction::to_disk);
}

Result<void> IdeDisk::flush()
{
    TRY(prepare());
    command(lba48_ ? Command::flush_48 : Command::flush);
    return wait_command(status_ready, flush_limit_ms);
}

}  // namespace fs
