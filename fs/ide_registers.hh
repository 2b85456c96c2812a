// Numbers of the IDE interface: the PC's first channel, its commands, and the bus master that a
// PCI controller has for it. ATA/ATAPI-6 (T13 1410D); Programming Interface for Bus Master IDE
// Controller 1.0.
#pragma once
#include <cstddef>
#include <cstdint>

namespace fs::ide {

inline constexpr uint32_t sector_bytes = 512;

// The channel's registers (ATA/ATAPI-6, 7).
inline constexpr uint16_t data_port = 0x1F0, sector_count_port = 0x1F2, lba_low_port = 0x1F3,
    lba_middle_port = 0x1F4, lba_high_port = 0x1F5, device_port = 0x1F6, command_port = 0x1F7,
    status_port = 0x1F7, alternate_status_port = 0x3F6, control_port = 0x3F6;

inline constexpr uint8_t control_reset = 0x04;
inline constexpr uint8_t device_lba = 0xE0, device_second = 0x10;
inline constexpr uint8_t status_error = 0x01, status_data = 0x08, status_fault = 0x20,
    status_ready = 0x40, status_busy = 0x80;

enum class Command : uint8_t {
    read = 0x20,
    read_48 = 0x24,
    read_dma_48 = 0x25,
    read_multiple_48 = 0x29,
    write = 0x30,
    write_48 = 0x34,
    write_dma_48 = 0x35,
    write_multiple_48 = 0x39,
    read_multiple = 0xC4,
    write_multiple = 0xC5,
    set_multiple = 0xC6,
    read_dma = 0xC8,
    write_dma = 0xCA,
    flush = 0xE7,
    flush_48 = 0xEA,
    identify = 0xEC,
};

// Words of the IDENTIFY data (ATA/ATAPI-6, 8.15), and bits in them.
inline constexpr size_t word_multiple = 47, word_capabilities = 49, word_sectors_28 = 60,
    word_multiword_dma = 63, word_features = 83, word_ultra_dma = 88, word_sectors_48 = 100;
inline constexpr uint16_t capability_dma = 1u << 8, feature_lba48 = 1u << 10;
inline constexpr uint16_t selected_dma_modes = 0xFF00;  // of the words of DMA modes: the one in use

// The bus master (its chapter 2): registers by their distance from the first, and their bits.
inline constexpr uint16_t bus_master_command = 0, bus_master_status = 2, bus_master_table = 4;
inline constexpr uint8_t bus_master_start = 0x01, bus_master_to_memory = 0x08;
inline constexpr uint8_t bus_master_active = 0x01, bus_master_error = 0x02,
    bus_master_interrupt = 0x04;        // the last two are cleared by writing ones

// A piece of memory, as the bus master wants it told: it crosses no boundary of 64 KiB.
struct Region {
    uint32_t address = 0;               // physical
    uint16_t bytes = 0;                 // 0: 64 KiB
    uint16_t flags = 0;
};
static_assert(sizeof(Region) == 8);
inline constexpr uint16_t region_is_last = 0x8000;
inline constexpr uint32_t region_boundary = 0x10000;

}  // namespace fs::ide
