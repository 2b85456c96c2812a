// The PCI bus: finding functions, their address registers (BARs), switching them on, and handing
// them to the drivers. PCI Local Bus Specification 3.0, chapter 6; bridges: PCI-to-PCI Bridge
// Architecture Specification 1.2, chapter 3.
#pragma once
#include <array>
#include <cstdint>
#include <optional>

#include "inc/result.hh"
#include "kern/memory/frames.hh"

// Where a function sits; printed as bb:dd.f.
struct PciAddress {
    uint8_t bus = 0;
    uint8_t device = 0;                 // 0 to 31
    uint8_t function = 0;               // 0 to 7
    constexpr bool operator==(const PciAddress&) const = default;
};

// Configuration space, a word of 4 bytes at a time; `offset` is rounded down to a word. A
// function that is not there reads all ones and ignores writes.
uint32_t pci_config_read(PciAddress address, uint8_t offset);
void pci_config_write(PciAddress address, uint8_t offset, uint32_t value);

// One address register: the range of memory or I/O ports that the function answers to.
struct PciBar {
    enum class Space : uint8_t { memory, io };
    Space space = Space::memory;
    uint32_t address = 0;
    uint32_t size = 0;
};

class PciFunction {
public:
    // The function at `address`, nothing if there is none.
    static std::optional<PciFunction> probe(PciAddress address);

    PciAddress address() const { return address_; }
    uint16_t vendor() const { return vendor_; }
    uint16_t device() const { return device_; }
    uint8_t base_class() const { return base_class_; }
    uint8_t sub_class() const { return sub_class_; }
    uint8_t interface() const { return interface_; }    // the class code's last byte
    bool is_bridge() const;
    bool has_more_functions() const;    // of function 0: its device has others beside it
    uint8_t secondary_bus() const;      // of a bridge: the bus behind it, 0 if it has no number

    // Who made the board that the function's chip is on (6.2.4).
    uint16_t subsystem_vendor() const;

    // The interrupt line that the firmware routed the function to; 255 means none.
    uint8_t irq_line() const;

    // The range of BAR `index` (0 to 5), sized by writing ones (6.2.5.1) while the function does
    // not decode addresses. not_found: unused BAR; not_supported: it lies above 4 GiB.
    Result<PciBar> bar(unsigned index) const;

    // Lets the function answer to memory and I/O accesses and do DMA; prints
    // "PCI function bb:dd.f (vvvv:dddd) enabled".
    void enable() const;

    // Prints "PCI: bb:dd.f: vvvv:dddd: class: c.s (name) irq: n".
    void print() const;

private:
    uint32_t read(uint8_t offset) const { return pci_config_read(address_, offset); }
    void write(uint8_t offset, uint32_t v) const { pci_config_write(address_, offset, v); }

    PciAddress address_;
    uint16_t vendor_ = 0;
    uint16_t device_ = 0;
    uint8_t base_class_ = 0;
    uint8_t sub_class_ = 0;
    uint8_t interface_ = 0;
    uint8_t header_type_ = 0;
};

// Walks all functions of bus 0 and of the buses behind bridges, each bus once.
class PciScan {
public:
    PciScan() { found_[0] = true; }
    std::optional<PciFunction> next();

private:
    void advance(const std::optional<PciFunction>& function);
    void next_bus();

    std::array<bool, 256> found_{};     // buses to be walked,
    std::array<bool, 256> walked_{};    //   and those that have been
    PciAddress position_;
    bool finished_ = false;
};

// Prints every function and offers it to the drivers. A driver that fails says why; the boot
// goes on without it.
void pci_init();

// A driver and what it serves, where 0 is anything; kern/dev/pci_drivers.cc has the table.
struct PciDriver {
    uint16_t vendor = 0;
    uint16_t device = 0;
    uint8_t base_class = 0;
    uint8_t sub_class = 0;
    Result<void> (*attach)(const PciFunction& function) = nullptr;
};
const PciDriver* pci_driver_for(const PciFunction& function);   // null: nobody serves it

// "Network controller" for base class 2; "unknown" for what the specification does not name.
const char* pci_class_name(uint8_t base_class);
