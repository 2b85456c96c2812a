// The time of day, which the file server knows.
#pragma once
#include <cstdint>

namespace http {

// Seconds since 1970; 0 if it is not known. Asks the file server every ten minutes only.
int64_t time_of_day();

} // namespace http
