#include "fs/bus_master.hh"

#include <array>

#include "fs/ide_registers.hh"
#include "inc/mmu.h"
#include "inc/ports.hh"
#include "inc/types.hh"
#include "lib/syscall.hh"

namespace fs {
namespace {

using namespace ide;

// What the bus master reads, so it may not cross a boundary of 64 KiB itself.
alignas(page_size) constinit std::array<Region, BusMaster::max_pages> table{};
static_assert(sizeof table <= page_size);

// Where a page of ours is in physical memory; 0: nowhere.
uint32_t physical_page(uintptr_t va)
{
    const uint32_t entry = page_table_entry(va);
    return (entry & PTE_P) != 0 ? round_down(entry, page_size) : 0;
}

}  // namespace

Result<void> BusMaster::attach()
{
    const int port = sys_disk_bus_master();
    if (port < 0) {
        return Error::no_device;
    }
    base_ = static_cast<uint16_t>(port);
    return {};
}

// A region for each page, or for pages that follow each other up to the next boundary.
Result<void> BusMaster::prepare(const std::byte* memory, uint32_t pages, Direction direction)
{
    const auto begin = reinterpret_cast<uintptr_t>(memory);
    if (begin % page_size != 0 || pages == 0 || pages > max_pages) {
        return Error::invalid_argument;
    }
    size_t regions = 0;
    uint32_t end = 0;                   // of the last region
    for (uint32_t page = 0; page < pages; page++) {
        const uint32_t physical = physical_page(begin + page * page_size);
        if (physical == 0) {
            return Error::invalid_argument;
        }
        if (physical == end && physical % region_boundary != 0) {
            Region& last = table[regions - 1];
            last.bytes = static_cast<uint16_t>(last.bytes + page_size);
        } else {
            table[regions++] = {physical, static_cast<uint16_t>(page_size), 0};
        }
        end = physical + page_size;
    }
    table[regions - 1].flags = region_is_last;

    direction_ = direction == Direction::from_disk ? bus_master_to_memory : uint8_t{0};
    port_out8(base_ + bus_master_command, direction_);
    port_out8(base_ + bus_master_status, bus_master_error | bus_master_interrupt);
    const auto at = reinterpret_cast<uintptr_t>(table.data());
    port_out32(base_ + bus_master_table, physical_page(at));
    return {};
}

void BusMaster::start()
{
    port_out8(base_ + bus_master_command, direction_ | bus_master_start);
}

bool BusMaster::is_finished() const
{
    return (port_in8(base_ + bus_master_status) & (bus_master_interrupt | bus_master_error)) != 0;
}

Result<void> BusMaster::stop()
{
    const uint8_t status = port_in8(base_ + bus_master_status);
    port_out8(base_ + bus_master_command, direction_);
    port_out8(base_ + bus_master_status, bus_master_error | bus_master_interrupt);
    if ((status & (bus_master_active | bus_master_error | bus_master_interrupt))
        != bus_master_interrupt) {
        return Error::io;
    }
    return {};
}

}  // namespace fs
