// Numbers and checksums in the bytes of a frame, for tests and models: in std::string or
// std::vector<std::byte>. They are apart from the code under test on purpose.
#pragma once
#include <cstddef>
#include <cstdint>

namespace frame_bytes {

// A number of `count` bytes, most significant byte first; throws beyond the frame.
template <typename Frame> uint32_t get(const Frame& frame, size_t at, size_t count)
{
    uint32_t value = 0;
    for (size_t i = 0; i < count; i++) {
        value = value << 8 | static_cast<uint8_t>(frame.at(at + i));
    }
    return value;
}

template <typename Frame> void set(Frame& frame, size_t at, size_t count, uint32_t value)
{
    while (count-- > 0) {
        frame.at(at + count) = static_cast<typename Frame::value_type>(value);
        value >>= 8;
    }
}

// A sum as RFC 1071 has it, not complemented.
inline uint32_t fold(uint64_t sum)
{
    while (sum > 0xFFFF) {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    return static_cast<uint32_t>(sum);
}

template <typename Frame> uint32_t sum_of(const Frame& frame, size_t from, size_t to)
{
    uint64_t sum = 0;
    for (size_t i = from; i < to; i++) {
        sum += uint64_t{static_cast<uint8_t>(frame.at(i))} << ((i - from) % 2 == 0 ? 8 : 0);
    }
    return fold(sum);
}

// Puts the checksum of these bytes, of which it is one, at `at`: never 0, but 0xFFFF, which is as
// good for TCP and a must for UDP.
template <typename Frame> void put_sum(Frame& frame, size_t from, size_t to, size_t at)
{
    const uint32_t sum = sum_of(frame, from, to);
    set(frame, at, 2, sum == 0xFFFF ? 0xFFFF : ~sum);
}

}  // namespace frame_bytes
