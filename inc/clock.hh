// How time is told by the time stamp counter. The kernel's own is in a page that programs see at
// UCLOCK, read-only, so that they need no system call for it (lib/clock.hh).
#pragma once
#include <cstdint>

struct Clock {
    uint64_t start_cycles = 0;              // when time began: at boot
    uint64_t us_per_cycle = 0;              // times 2^32

    constexpr uint64_t to_us(uint64_t cycles) const
    {
        const uint64_t high = (cycles >> 32) * us_per_cycle;
        const uint64_t low = (cycles & 0xFFFFFFFF) * us_per_cycle;
        return high + (low >> 32);
    }
    uint64_t time_us() const { return to_us(__builtin_ia32_rdtsc() - start_cycles); }
};
