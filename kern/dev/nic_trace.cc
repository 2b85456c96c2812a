#include "kern/dev/nic_trace.hh"

#include <array>

// The build passes E1000_DEBUG's names as a string.
#ifndef E1000_DEBUG
#define E1000_DEBUG ""
#endif

namespace {

struct TraceName {
    std::string_view name;
    NicTrace kind = NicTrace::none;
};

constexpr std::array names = {
    TraceName{"TX", NicTrace::transmit},
    TraceName{"TXERR", NicTrace::transmit_errors},
    TraceName{"RX", NicTrace::receive},
    TraceName{"RXERR", NicTrace::receive_errors},
    TraceName{"INTERRUPT", NicTrace::interrupts},
    TraceName{"EEPROM", NicTrace::eeprom},
    TraceName{"MMIO", NicTrace::registers},
};

constexpr uint32_t kind_of(std::string_view wanted)
{
    for (const TraceName& entry : names) {
        if (entry.name == wanted) {
            return static_cast<uint32_t>(entry.kind);
        }
    }
    return 0;
}

constexpr uint32_t kinds_of(std::string_view list)
{
    uint32_t kinds = 0;
    while (!list.empty()) {
        const size_t comma = list.find(',');
        kinds |= kind_of(list.substr(0, comma));
        list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    }
    return kinds;
}
static_assert(kinds_of("TX,RXFILTER,RXERR") == 0b1001);

}  // namespace

constinit uint32_t nic_traced = kinds_of(E1000_DEBUG);

void nic_trace_only(std::string_view list) { nic_traced = kinds_of(list); }
