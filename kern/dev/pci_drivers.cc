// Which driver serves which PCI id.
#include <algorithm>
#include <array>

#include "kern/dev/disk.hh"
#include "kern/dev/e1000.hh"
#include "kern/dev/pci.hh"

namespace {

constexpr std::array drivers = {
    PciDriver{.vendor = 0x8086, .device = 0x100E, .attach = e1000_attach},      // 82540EM
    PciDriver{.vendor = 0x8086, .device = 0x100C, .attach = e1000_attach},      // 82544GC
    PciDriver{.vendor = 0x8086, .device = 0x100F, .attach = e1000_attach},      // 82545EM
    PciDriver{.base_class = 0x01, .sub_class = 0x01, .attach = disk_attach_controller},     // IDE
};

}  // namespace

const PciDriver* pci_driver_for(const PciFunction& function)
{
    const auto fits = [](uint32_t wanted, uint32_t is) { return wanted == 0 || wanted == is; };
    const auto found = std::ranges::find_if(drivers, [&](const PciDriver& driver) {
        return fits(driver.vendor, function.vendor()) && fits(driver.device, function.device())
            && fits(driver.base_class, function.base_class())
            && fits(driver.sub_class, function.sub_class());
    });
    return found == drivers.end() ? nullptr : &*found;
}
