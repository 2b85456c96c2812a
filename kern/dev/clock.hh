// Time since boot, from a calibrated counter: right within 1 % whatever interrupts are lost.
#pragma once
#include <cstdint>

void clock_init();                      // starts time_us()
const void* clock_page();               // for UCLOCK: programs tell the time by it (inc/clock.hh)

uint64_t time_us();
uint64_t cycles_to_us(uint64_t cycles); // of the time stamp counter
inline uint32_t time_ms() { return static_cast<uint32_t>(time_us() / 1000); }
void delay_us(uint32_t us);             // spins; for device waits of a few milliseconds at most

// Waits until `done()` holds, at most `limit_us`; returns whether it did. The bounded wait for a
// named hardware condition.
template <typename Condition> [[nodiscard]] bool wait_until(Condition done, uint32_t limit_us)
{
    const uint64_t deadline = time_us() + limit_us;
    while (!done()) {
        if (time_us() > deadline) {
            return done();
        }
        __builtin_ia32_pause();
    }
    return true;
}
