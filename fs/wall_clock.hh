// The time of day, for the times of files.
#pragma once
#include <cstdint>

namespace fs {

// Seconds since 1970, UTC, as the PC's battery-backed clock has it; 0 if it does not make sense.
int64_t read_wall_clock();

}  // namespace fs
