// Configuration space through the PC's two ports (PCI 3.0, 3.2.2.3.2).
#include "inc/ports.hh"
#include "kern/dev/pci.hh"

namespace {

constexpr uint16_t address_port = 0xCF8;
constexpr uint16_t data_port = 0xCFC;
constexpr uint32_t enable_bit = 1u << 31;

void select(PciAddress address, uint8_t offset)
{
    port_out32(address_port, enable_bit | uint32_t{address.bus} << 16
                                 | uint32_t{address.device} << 11 | uint32_t{address.function} << 8
                                 | (offset & 0xFCu));
}

}  // namespace

uint32_t pci_config_read(PciAddress address, uint8_t offset)
{
    select(address, offset);
    return port_in32(data_port);
}

void pci_config_write(PciAddress address, uint8_t offset, uint32_t value)
{
    select(address, offset);
    port_out32(data_port, value);
}
