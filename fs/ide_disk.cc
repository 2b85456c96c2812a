#include "fs/ide_disk.hh"

#include <algorithm>
#include <array>
#include <bit>

#include "fs/layout.hh"
#include "inc/ports.hh"
#include "lib/syscall.hh"

namespace fs {
namespace {

constexpr uint32_t sector_bytes = 512;
constexpr uint32_t sectors_per_block = block_size / sector_bytes;

// The channel's registers (ATA/ATAPI-6, 7).
constexpr uint16_t data_port = 0x1F0, sector_count_port = 0x1F2, lba_low_port = 0x1F3,
    lba_middle_port = 0x1F4, lba_high_port = 0x1F5, device_port = 0x1F6, command_port = 0x1F7,
    status_port = 0x1F7, alternate_status_port = 0x3F6, control_port = 0x3F6;

constexpr uint8_t control_reset = 0x04;
constexpr uint8_t device_lba = 0xE0, device_second = 0x10;
constexpr uint8_t status_error = 0x01, status_data = 0x08, status_fault = 0x20,
    status_ready = 0x40, status_busy = 0x80;

enum class Command : uint8_t {
    read = 0x20,
    read_48 = 0x24,
    read_multiple_48 = 0x29,
    write = 0x30,
    write_48 = 0x34,
    write_multiple_48 = 0x39,
    read_multiple = 0xC4,
    write_multiple = 0xC5,
    set_multiple = 0xC6,
    flush = 0xE7,
    flush_48 = 0xEA,
    identify = 0xEC,
};

// Words of the IDENTIFY data (ATA/ATAPI-6, 8.15).
constexpr size_t word_multiple = 47, word_sectors_28 = 60, word_features = 83,
    word_sectors_48 = 100;

constexpr uint32_t command_limit_ms = 5000, flush_limit_ms = 30000;
constexpr uint32_t polls_before_sleep = 32;     // most commands are done by then

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
            sys_disk_wait(20);          // the interrupt, or another look after a while
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

    lba48_ = (words[word_features] & (1 << 10)) != 0;
    const size_t at = lba48_ ? word_sectors_48 : word_sectors_28;
    const uint64_t sectors = words[at] | uint64_t{words[at + 1]} << 16
        | (lba48_ ? uint64_t{words[at + 2]} << 32 : 0);
    block_count_ = static_cast<uint32_t>(
        std::min<uint64_t>(sectors / sectors_per_block, max_disk_blocks));

    max_at_once_ = std::bit_floor(std::min<uint32_t>(words[word_multiple] & 0xFF, 16));
    set_multiple();
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

// Tells the drive what to move: at most max_sectors().
void IdeDisk::start(uint64_t sector, uint32_t sectors, bool is_write)
{
    const auto byte = [sector](unsigned n) { return static_cast<uint8_t>(sector >> (8 * n)); };
    const bool multiple = sectors_at_once_ > 1;
    if (lba48_) {
        port_out8(device_port, device_lba | device_second);
        port_out8(sector_count_port, static_cast<uint8_t>(sectors >> 8));
        port_out8(lba_low_port, byte(3));
        port_out8(lba_middle_port, byte(4));
        port_out8(lba_high_port, byte(5));
    } else {
        port_out8(device_port, static_cast<uint8_t>(device_lba | device_second
                                                    | (byte(3) & 0x0F)));
    }
    port_out8(sector_count_port, static_cast<uint8_t>(sectors));        // 256 is written as 0
    port_out8(lba_low_port, byte(0));
    port_out8(lba_middle_port, byte(1));
    port_out8(lba_high_port, byte(2));
    if (is_write) {
        command(lba48_ ? (multiple ? Command::write_multiple_48 : Command::write_48)
                       : (multiple ? Command::write_multiple : Command::write));
    } else {
        command(lba48_ ? (multiple ? Command::read_multiple_48 : Command::read_48)
                       : (multiple ? Command::read_multiple : Command::read));
    }
}

Result<void> IdeDisk::read(uint32_t first, uint32_t count, std::byte* to)
{
    uint64_t sector = uint64_t{first} * sectors_per_block;
    uint32_t left = count * sectors_per_block;
    while (left > 0) {
        const uint32_t part = std::min(left, max_sectors());
        TRY(prepare());
        start(sector, part, false);
        for (uint32_t done = 0; done < part;) {
            const uint32_t now = std::min(part - done, sectors_at_once_);
            TRY(wait_command(status_data));
            port_read32(data_port, to, now * sector_bytes / 4);
            to += now * sector_bytes;
            done += now;
        }
        sector += part;
        left -= part;
    }
    return {};
}

Result<void> IdeDisk::write(uint32_t first, uint32_t count, const std::byte* from)
{
    uint64_t sector = uint64_t{first} * sectors_per_block;
    uint32_t left = count * sectors_per_block;
    while (left > 0) {
        const uint32_t part = std::min(left, max_sectors());
        TRY(prepare());
        start(sector, part, true);
        for (uint32_t done = 0; done < part;) {
            const uint32_t now = std::min(part - done, sectors_at_once_);
            TRY(wait_command(status_data));
            port_write32(data_port, from, now * sector_bytes / 4);
            from += now * sector_bytes;
            done += now;
        }
        TRY(wait_command(status_ready));
        sector += part;
        left -= part;
    }
    return {};
}

Result<void> IdeDisk::flush()
{
    TRY(prepare());
    command(lba48_ ? Command::flush_48 : Command::flush);
    return wait_command(status_ready, flush_limit_ms);
}

}  // namespace fs
