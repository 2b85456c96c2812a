// Which driver serves which PCI id.
#include <algorithm>
#include <array>

#include "kern/dev/e1000.hh"
#include "kern/dev/pci.hh"

namespace {

constexpr std::array drivers = {
    PciDriver{.vendor = 0x8086, .device = 0x100E, .attach = e1000_attach},      // 82540EM
    PciDriver{.vendor = 0x8086, .device = 0x100C, .attach = e1000_attach},      // 82544GC
    PciDriver{.vendor = 0x8086, .device = 0x100F, .attach = e1000_attach},      // 82545EM
};

}  // namespace

const PciDriver* pci_driver_for(const PciFunction& function)
{
    const auto found = std::ranges::find_if(drivers, [&](const PciDriver& driver) {
        return driver.vendor == function.vendor() && driver.device == function.device();
    });
    return found == drivers.end() ? nullptr : &*found;
}
