#include "kern/dev/pci.hh"

#include "inc/stdio.hh"

namespace {

// Configuration header, 6.1. Offsets of the words that hold the fields.
constexpr uint8_t id_word = 0x00;           // device id, vendor id
constexpr uint8_t command_word = 0x04;      // status, command
constexpr uint8_t class_word = 0x08;        // class, subclass, interface, revision
constexpr uint8_t header_word = 0x0C;       // self test, header type, latency, cache line
constexpr uint8_t first_bar_word = 0x10;
constexpr uint8_t bus_numbers_word = 0x18;  // bridges only: latency, subordinate, secondary, ...
constexpr uint8_t subsystem_word = 0x2C;    // subsystem id, subsystem vendor id
constexpr uint8_t interrupt_word = 0x3C;    // ..., interrupt pin, interrupt line

constexpr uint32_t command_io = 1u << 0;            // 6.2.2
constexpr uint32_t command_memory = 1u << 1;
constexpr uint32_t command_bus_master = 1u << 2;
constexpr uint32_t command_bits = 0xFFFF;           // the word's upper half: status, write 1 clears

constexpr uint8_t header_kind = 0x7F;
constexpr uint8_t header_kind_bridge = 1;
constexpr uint8_t header_multifunction = 0x80;
constexpr uint16_t no_vendor = 0xFFFF;
constexpr uint8_t functions_per_device = 8, devices_per_bus = 32;

constexpr uint32_t bar_is_io = 1u << 0;             // 6.2.5.1
constexpr uint32_t bar_is_64_bit = 1u << 2;
constexpr uint32_t bar_io_address = ~uint32_t{0x3};
constexpr uint32_t bar_memory_address = ~uint32_t{0xF};

// The function's command register with other bits for as long as this object lives.
class CommandOverride {
public:
    CommandOverride(PciAddress address, uint32_t clear)
        : address_(address), old_(pci_config_read(address, command_word) & command_bits)
    {
        pci_config_write(address_, command_word, old_ & ~clear);
    }
    ~CommandOverride() { pci_config_write(address_, command_word, old_); }
    CommandOverride(const CommandOverride&) = delete;
    CommandOverride& operator=(const CommandOverride&) = delete;

private:
    PciAddress address_;
    uint32_t old_;
};

}  // namespace

std::optional<PciFunction> PciFunction::probe(PciAddress address)
{
    const uint32_t id = pci_config_read(address, id_word);
    const auto vendor = static_cast<uint16_t>(id);
    if (vendor == no_vendor || vendor == 0) {
        return std::nullopt;
    }

    const uint32_t class_code = pci_config_read(address, class_word);
    PciFunction function;
    function.address_ = address;
    function.vendor_ = vendor;
    function.device_ = static_cast<uint16_t>(id >> 16);
    function.base_class_ = static_cast<uint8_t>(class_code >> 24);
    function.sub_class_ = static_cast<uint8_t>(class_code >> 16);
    function.interface_ = static_cast<uint8_t>(class_code >> 8);
    function.header_type_ = static_cast<uint8_t>(pci_config_read(address, header_word) >> 16);
    return function;
}

bool PciFunction::is_bridge() const { return (header_type_ & header_kind) == header_kind_bridge; }

bool PciFunction::has_more_functions() const { return (header_type_ & header_multifunction) != 0; }

uint8_t PciFunction::secondary_bus() const
{
    return static_cast<uint8_t>(read(bus_numbers_word) >> 8);
}

uint16_t PciFunction::subsystem_vendor() const
{
    return static_cast<uint16_t>(read(subsystem_word));
}

uint8_t PciFunction::irq_line() const { return static_cast<uint8_t>(read(interrupt_word)); }

Result<PciBar> PciFunction::bar(unsigned index) const
{
    const unsigned bars = is_bridge() ? 2 : 6;
    if (index >= bars) {
        return Error::invalid_argument;
    }
    const auto offset = static_cast<uint8_t>(first_bar_word + 4 * index);
    const CommandOverride quiet(address_, command_io | command_memory);

    const uint32_t value = read(offset);
    write(offset, ~uint32_t{0});
    const uint32_t writable = read(offset);
    write(offset, value);

    const bool io = (value & bar_is_io) != 0;
    const uint32_t address_bits = io ? bar_io_address : bar_memory_address;
    if ((writable & address_bits) == 0) {
        return Error::not_found;
    }
    if (!io && (value & bar_is_64_bit) != 0 && index + 1 < bars
        && read(static_cast<uint8_t>(offset + 4)) != 0) {
        return Error::not_supported;
    }

    // The lowest bit that can be written is the size; an I/O BAR may have only 16 bits.
    const uint32_t lowest = writable & address_bits & -(writable & address_bits);
    return PciBar{
        .space = io ? PciBar::Space::io : PciBar::Space::memory,
        .address = value & address_bits,
        .size = lowest,
    };
}

void PciFunction::enable() const
{
    const uint32_t command = read(command_word) & command_bits;
    write(command_word, command | command_io | command_memory | command_bus_master);
    cprintf("PCI function %02x:%02x.%d (%04x:%04x) enabled\n", address_.bus, address_.device,
            address_.function, vendor_, device_);
}

void PciFunction::print() const
{
    cprintf("PCI: %02x:%02x.%d: %04x:%04x: class: %x.%x (%s) irq: %d\n", address_.bus,
            address_.device, address_.function, vendor_, device_, base_class_, sub_class_,
            pci_class_name(base_class_), irq_line());
}

std::optional<PciFunction> PciScan::next()
{
    while (!finished_) {
        const std::optional<PciFunction> function = PciFunction::probe(position_);
        if (function && function->is_bridge()) {
            found_[function->secondary_bus()] = true;     // 0, the bridge has no number: bus 0 again
        }
        advance(function);
        if (function) {
            return function;
        }
    }
    return std::nullopt;
}

// Steps to the next place where a function may be. A device whose function 0 is missing, or says
// that it is alone, has no others.
void PciScan::advance(const std::optional<PciFunction>& function)
{
    const bool single = position_.function == 0 && (!function || !function->has_more_functions());
    if (!single && position_.function + 1 < functions_per_device) {
        ++position_.function;
        return;
    }
    position_.function = 0;
    if (++position_.device == devices_per_bus) {
        next_bus();
    }
}

void PciScan::next_bus()
{
    walked_[position_.bus] = true;
    for (unsigned bus = 0; bus < found_.size(); ++bus) {
        if (found_[bus] && !walked_[bus]) {
            position_ = {.bus = static_cast<uint8_t>(bus)};
            return;
        }
    }
    finished_ = true;
}

void pci_init()
{
    PciScan scan;
    while (const std::optional<PciFunction> function = scan.next()) {
        function->print();
        const PciDriver* const driver = pci_driver_for(*function);
        if (driver == nullptr) {
            continue;
        }
        if (const Result<void> attached = driver->attach(*function); !attached) {
            const PciAddress at = function->address();
            cprintf("PCI: %02x:%02x.%d: not used: %s\n", at.bus, at.device, at.function,
                    error_text(to_abi(attached.error())));
        }
    }
}
