// The PCI bus: what is found, behind bridges too, and what the address registers say.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/host/fake_kernel.hh"
#include "tests/host/fake_pci.hh"

namespace {

std::vector<PciAddress> attached;
Error attach_error{};

Result<void> attach(const PciFunction& function)
{
    attached.push_back(function.address());
    if (attach_error != Error{}) {
        return attach_error;
    }
    function.enable();
    return {};
}

constexpr PciDriver driver{.vendor = 0x8086, .device = 0x100E, .attach = attach};
constexpr fake::PciConfig card{.vendor = 0x8086, .device = 0x100E, .base_class = 2,
                               .irq_line = 11, .bars = {{{0xFEBC0000, 0x20000}, {0xC001, 64}}}};
constexpr fake::PciConfig host_bridge{.vendor = 0x8086, .device = 0x1237, .base_class = 6};

fake::PciConfig bridge_to(uint8_t bus)
{
    return {.vendor = 0x1B36, .device = 0x0001, .base_class = 6, .sub_class = 4,
            .header_type = 1, .secondary_bus = bus};
}

class Pci : public testing::Test {
protected:
    void SetUp() override
    {
        fake::reset();
        fake::clear_pci();
        attached.clear();
        attach_error = Error{};
    }
};

std::vector<PciAddress> scan()
{
    std::vector<PciAddress> found;
    PciScan scan;
    while (const auto function = scan.next()) {
        found.push_back(function->address());
    }
    return found;
}

}  // namespace

const PciDriver* pci_driver_for(const PciFunction& function)
{
    return function.vendor() == driver.vendor && function.device() == driver.device ? &driver
                                                                                    : nullptr;
}

TEST_F(Pci, AnEmptyBusHasNothing) { EXPECT_TRUE(scan().empty()); }

TEST_F(Pci, PrintsEachFunctionAndAttachesDrivers)
{
    fake::add_pci({0, 0, 0}, host_bridge);
    fake::add_pci({0, 3, 0}, card);
    pci_init();
    EXPECT_EQ(fake::take_console(),
              "PCI: 00:00.0: 8086:1237: class: 6.0 (Bridge device) irq: 255\n"
              "PCI: 00:03.0: 8086:100e: class: 2.0 (Network controller) irq: 11\n"
              "PCI function 00:03.0 (8086:100e) enabled\n");
    EXPECT_EQ(attached, (std::vector<PciAddress>{{0, 3, 0}}));
    EXPECT_EQ(fake::pci_word({0, 3, 0}, 4) & 7, 7u) << "I/O, memory, bus master";
}

TEST_F(Pci, ADriversFailureIsALineAndTheScanGoesOn)
{
    fake::add_pci({0, 3, 0}, card);
    fake::add_pci({0, 4, 0}, card);
    attach_error = Error::no_device;
    pci_init();
    EXPECT_EQ(attached.size(), 2u);
    EXPECT_NE(fake::take_console().find("PCI: 00:03.0: not used: no such device\n"),
              std::string::npos);
}

TEST_F(Pci, FurtherFunctionsOnlyIfTheFirstSaysSo)
{
    fake::add_pci({0, 1, 0}, {.vendor = 1, .device = 1, .header_type = 0x80});
    fake::add_pci({0, 1, 3}, {.vendor = 1, .device = 2});
    fake::add_pci({0, 2, 0}, {.vendor = 1, .device = 3});
    fake::add_pci({0, 2, 1}, {.vendor = 1, .device = 4});       // answers, but is an alias
    fake::add_pci({0, 5, 1}, {.vendor = 1, .device = 5});       // no function 0, so no device
    EXPECT_EQ(scan(), (std::vector<PciAddress>{{0, 1, 0}, {0, 1, 3}, {0, 2, 0}}));
}

TEST_F(Pci, FindsWhatIsBehindBridges)
{
    fake::add_pci({0, 4, 0}, bridge_to(2));
    fake::add_pci({0, 30, 0}, bridge_to(1));
    fake::add_pci({2, 0, 0}, bridge_to(7));
    fake::add_pci({7, 31, 0}, card);
    fake::add_pci({1, 1, 0}, card);
    fake::add_pci({9, 0, 0}, card);                             // no bridge leads there
    EXPECT_EQ(scan(), (std::vector<PciAddress>{{0, 4, 0}, {0, 30, 0}, {1, 1, 0}, {2, 0, 0},
                                               {7, 31, 0}}));
}

TEST_F(Pci, BridgesInACircleOrWithoutANumberEnd)
{
    fake::add_pci({0, 1, 0}, bridge_to(1));
    fake::add_pci({1, 1, 0}, bridge_to(1));
    fake::add_pci({1, 2, 0}, bridge_to(0));
    EXPECT_EQ(scan().size(), 3u);
}

TEST_F(Pci, AnAbsentFunctionCostsOneReadEach)
{
    scan();
    EXPECT_EQ(fake::pci_reads(), 32u);
}

TEST_F(Pci, SizesAddressRegisters)
{
    fake::add_pci({0, 3, 0}, {.vendor = 0x8086, .device = 0x100E,
                              .bars = {{{0xFEBC0000, 0x20000}, {0xC001, 64}, {},
                                        {0xFE000004, 0x4000}, {0, 0}, {0xE0000008, 0x1000}}}});
    const auto function = PciFunction::probe({0, 3, 0});
    ASSERT_TRUE(function);
    function->enable();

    const auto expect_bar = [&](unsigned index, PciBar::Space space, uint32_t at, uint32_t size) {
        const auto bar = function->bar(index);
        ASSERT_TRUE(bar);
        EXPECT_EQ(bar->space, space);
        EXPECT_EQ(bar->address, at);
        EXPECT_EQ(bar->size, size);
    };
    expect_bar(0, PciBar::Space::memory, 0xFEBC0000, 0x20000);
    expect_bar(1, PciBar::Space::io, 0xC000, 64);
    expect_bar(3, PciBar::Space::memory, 0xFE000000, 0x4000);
    expect_bar(5, PciBar::Space::memory, 0xE0000000, 0x1000);
    EXPECT_EQ(function->bar(2).error(), Error::not_found);
    EXPECT_EQ(function->bar(6).error(), Error::invalid_argument);
    EXPECT_EQ(fake::pci_word({0, 3, 0}, 0x10), 0xFEBC0000u) << "sizing changes nothing";
    EXPECT_EQ(fake::pci_word({0, 3, 0}, 4) & 7, 7u) << "and leaves the function on";
}
