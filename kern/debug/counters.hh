// What the kernel does, counted: for `make bench COUNTERS=1`, which divides by the number of
// requests, and for the monitor's `counters`. In any other build count() is nothing at all.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>

enum class Counter : uint8_t {
    system_calls,
    page_faults,                // of programs, as copy-on-write brings them
    interrupts,
    messages,                   // IPC: delivered to an environment
    pages_sent,                 // mapped by those messages
    address_spaces,             // page directories loaded: each forgets all cached translations
    environments,               // switches to another environment, or from idling to one
    halts,                      // the CPU waited for an interrupt
    mmio,                       // accesses to device registers in memory
    bytes_copied,               // between programs' memory and the kernel's or the card's
    number_of_counters,
};

#ifdef JOS_COUNTERS
inline constexpr bool counters_are_compiled_in = true;
#else
inline constexpr bool counters_are_compiled_in = false;
#endif

// Counts from boot on, on whatever CPU. They wrap at 32 bits: only differences mean anything.
inline std::array<std::atomic<uint32_t>, static_cast<size_t>(Counter::number_of_counters)> counters;

inline void count([[maybe_unused]] Counter what, [[maybe_unused]] size_t how_many = 1)
{
    if constexpr (counters_are_compiled_in) {
        counters[static_cast<size_t>(what)].fetch_add(static_cast<uint32_t>(how_many),
                                                      std::memory_order_relaxed);
    }
}
