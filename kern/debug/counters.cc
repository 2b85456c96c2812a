// The monitor's `counters`. Part of the kernel with COUNTERS=1 only.
#include "kern/debug/counters.hh"

#include "inc/stdio.hh"
#include "kern/debug/monitor.hh"

namespace {

// As tests/bench/cost.py reads them.
constexpr std::array<const char*, counters.size()> names = {
    "system_calls", "page_faults", "interrupts", "messages", "pages_sent", "address_spaces",
    "environments", "halts",       "mmio",       "bytes_copied",
};
static_assert(names.back() != nullptr, "each counter has a name");

int monitor_counters(int, char**, Trapframe*)
{
    for (size_t i = 0; i < names.size(); ++i) {
        cprintf("%-15s %u\n", names[i], counters[i].load(std::memory_order_relaxed));
    }
    return 0;
}

MONITOR_COMMAND(counters, "show what the kernel has done since boot, modulo 2^32",
                monitor_counters);

}  // namespace
