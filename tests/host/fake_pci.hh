// A PCI bus for unit tests: configuration spaces of 256 bytes, with BARs that can be sized.
#pragma once
#include <array>
#include <cstdint>

#include "kern/dev/pci.hh"

namespace fake {

struct PciConfig {
    uint16_t vendor = 0, device = 0;
    uint8_t base_class = 0, sub_class = 0;
    uint8_t header_type = 0;            // 1: bridge; 0x80: has further functions
    uint8_t secondary_bus = 0;          // of a bridge
    uint8_t irq_line = 255;
    struct Bar {
        uint32_t value = 0;             // address and type bits
        uint32_t size = 0;              // 0: not there
    };
    std::array<Bar, 6> bars{};
};

void clear_pci();
void add_pci(PciAddress address, const PciConfig& config);
uint32_t pci_word(PciAddress address, uint8_t offset);
unsigned pci_reads();                   // since clear_pci()

}  // namespace fake
