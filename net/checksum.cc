#include "net/checksum.hh"

#include "inc/string.hh"

template <typename T> static T load(const std::byte* from)
{
    T value;
    __builtin_memcpy(&value, from, sizeof(value));
    return value;
}

// Sums words of 32 bits and counts their carries apart; folded together they give the same result
// as words of 16 bits (RFC 1071, 2.C). Sums of 64 bits take longer (docs/performance.md, "Copies").
// Unaligned loads are fine on this machine.
uint16_t internet_sum(const void* data, size_t size)
{
    const std::byte* next = static_cast<const std::byte*>(data);
    uint32_t words = 0, carries = 0;
    for (; size >= 32; next += 32, size -= 32) {
#pragma GCC unroll 8
        for (size_t i = 0; i < 32; i += 4) {
            const uint32_t word = load<uint32_t>(next + i);
            words += word;
            carries += words < word ? 1 : 0;
        }
    }
    uint64_t sum = uint64_t{words} + carries;
    for (; size >= 4; next += 4, size -= 4) {
        sum += load<uint32_t>(next);
    }
    if (size >= 2) {
        sum += load<uint16_t>(next);
        next += 2;
        size -= 2;
    }
    if (size == 1) {
        sum += static_cast<uint8_t>(*next);     // little endian: the first byte is the low one
    }
    sum = (sum & 0xFFFFFFFF) + (sum >> 32);
    sum = (sum & 0xFFFFFFFF) + (sum >> 32);
    uint32_t folded = static_cast<uint32_t>(sum);
    folded = (folded & 0xFFFF) + (folded >> 16);
    folded = (folded & 0xFFFF) + (folded >> 16);
    return static_cast<uint16_t>(folded);
}

extern "C" uint16_t net_checksum(const void* data, int size);
uint16_t net_checksum(const void* data, int size)
{
    return internet_sum(data, static_cast<size_t>(size));
}
