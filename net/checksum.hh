// The Internet checksum (RFC 1071).
#pragma once
#include <cstddef>
#include <cstdint>

// The ones' complement sum of `size` bytes as 16-bit words in memory order, not inverted; an odd
// last byte counts as if a zero followed.
uint16_t internet_sum(const void* data, size_t size);
