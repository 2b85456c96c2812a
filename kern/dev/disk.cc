#include "kern/dev/disk.hh"

#include <utility>

#include "inc/ports.hh"
#include "inc/stdio.hh"
#include "inc/trap.hh"
#include "kern/cpu/irq.hh"
#include "kern/dev/pci.hh"
#include "kern/env/wait_queue.hh"

namespace {

// Programming Interface for Bus Master IDE Controller 1.0, chapter 2.
constexpr unsigned bus_master_bar = 4;
constexpr uint32_t bus_master_ports = 16;
constexpr uint8_t stop = 0;             // to the command register, the first

// PCI IDE Controller Specification 1.0, 2.1: bits of the class code's interface byte.
constexpr uint8_t first_channel_is_native = 1u << 0, has_bus_master = 1u << 7;

constinit bool pending = false;
constinit WaitQueue waiting{};
constinit uint16_t bus_master = 0;      // its first port; 0: there is none

void interrupt(void*)
{
    pending = true;
    waiting.wake_all();
}

}   // namespace

void disk_init()
{
    if (const auto installed = irq_install(IRQ_IDE, interrupt, nullptr); !installed) {
        cprintf("disk: interrupt line %u: %s\n", static_cast<unsigned>(IRQ_IDE),
                error_text(to_abi(installed.error())));
    }
}

bool disk_take_interrupt() { return std::exchange(pending, false); }
WaitQueue& disk_interrupt_queue() { return waiting; }

Result<void> disk_attach_controller(const PciFunction& function)
{
    const uint8_t interface = function.interface();
    if ((interface & has_bus_master) == 0 || (interface & first_channel_is_native) != 0
        || bus_master != 0) {
        return Error::not_supported;
    }
    const PciBar bar = TRY(function.bar(bus_master_bar));
    if (bar.space != PciBar::Space::io || bar.address == 0 || bar.size < bus_master_ports
        || bar.address > 0x10000 - bus_master_ports) {
        return Error::not_supported;
    }
    function.enable();
    bus_master = static_cast<uint16_t>(bar.address);
    disk_stop_transfer();
    return {};
}

Result<uint16_t> disk_bus_master()
{
    if (bus_master == 0) {
        return Error::no_device;
    }
    return bus_master;
}

void disk_stop_transfer()
{
    if (bus_master != 0) {
        port_out8(bus_master, stop);
    }
}
