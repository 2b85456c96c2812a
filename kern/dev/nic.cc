#include "kern/dev/nic.hh"

#include <array>

#include "kern/dev/boot_option.hh"

namespace {

constinit Nic* the_card = nullptr;

}  // namespace

Nic* nic_card() { return the_card; }

bool nic_register(Nic& nic)
{
    if (the_card != nullptr) {
        return false;
    }
    the_card = &nic;
    return true;
}

uint32_t nic_wanted_offloads()
{
    std::array<char, 16> buffer{};
    const std::string_view wanted = boot_option("offload", buffer);
    if (wanted == "0") {
        return 0;
    }
    return wanted == "checksum" ? NetOffload::checksum : NetOffload::all;
}
