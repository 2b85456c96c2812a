// The time: since boot, and of the day, which the file server knows.
#pragma once
#include <cstdint>

namespace http {

// One moment, of which a turn's work knows nothing finer.
struct Moment {
    uint32_t ms = 0;                    // since boot; wraps around
    int64_t seconds = 0;                // since 1970; 0 if it is not known
};

// Now. Asks the file server every ten minutes only.
Moment read_clock();

// Milliseconds from `now` to `then`, 0 if that is past.
constexpr uint32_t ms_until(uint32_t then, Moment now)
{
    const auto left = static_cast<int32_t>(then - now.ms);
    return left > 0 ? static_cast<uint32_t>(left) : 0;
}

} // namespace http
