#include "tests/host/fake_pci.hh"

#include <gtest/gtest.h>

#include <map>

#include "kern/dev/disk.hh"

namespace {

struct Function {
    std::array<uint32_t, 64> words{};
    std::array<uint32_t, 6> bar_sizes{};
};

constexpr unsigned command_word = 1, first_bar = 4;
constexpr uint32_t decodes_addresses = 3;

std::map<uint32_t, Function> functions;
unsigned reads = 0;

uint32_t key(PciAddress a) { return uint32_t{a.bus} << 16 | uint32_t{a.device} << 8 | a.function; }

}  // namespace

void fake::clear_pci()
{
    functions.clear();
    reads = 0;
}

unsigned fake::pci_reads() { return reads; }

void fake::add_pci(PciAddress address, const PciConfig& config)
{
    Function function;
    auto& words = function.words;
    words[0] = config.vendor | uint32_t{config.device} << 16;
    words[2] = uint32_t{config.base_class} << 24 | uint32_t{config.sub_class} << 16;
    words[3] = uint32_t{config.header_type} << 16;
    for (unsigned i = 0; i < config.bars.size(); ++i) {
        words[first_bar + i] = config.bars[i].value;
        function.bar_sizes[i] = config.bars[i].size;
    }
    if ((config.header_type & 0x7F) == 1) {
        words[6] = uint32_t{config.secondary_bus} << 8;
    }
    words[15] = config.irq_line;
    functions[key(address)] = function;
}

uint32_t fake::pci_word(PciAddress address, uint8_t offset)
{
    return functions.at(key(address)).words[offset / 4];
}

uint32_t pci_config_read(PciAddress address, uint8_t offset)
{
    ++reads;
    const auto found = functions.find(key(address));
    return found == functions.end() ? ~0u : found->second.words[offset / 4];
}

void pci_config_write(PciAddress address, uint8_t offset, uint32_t value)
{
    const auto found = functions.find(key(address));
    if (found == functions.end()) {
        return;
    }
    Function& function = found->second;
    const unsigned word = offset / 4u;
    if (word < first_bar || word >= first_bar + 6) {
        function.words[word] = value;
        return;
    }
    EXPECT_EQ(function.words[command_word] & decodes_addresses, 0u)
        << "an address register changes while the function decodes addresses";
    const uint32_t old = function.words[word];
    const uint32_t size = function.bar_sizes[word - first_bar];
    const uint32_t type = (old & 1) != 0 ? 3u : 15u;
    function.words[word] = size == 0 ? 0 : (value & ~(size - 1) & ~type) | (old & type);
}

// The table of drivers names it; no test here has an IDE controller.
Result<void> disk_attach_controller(const PciFunction&)
{
    return Error::not_supported;
}
