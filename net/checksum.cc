#include "net/checksum.hh"

#include "inc/string.hh"

template <typename T> static T load(const std::byte* from)
{
    T value;
    __builtin_memcpy(&value, from, sizeof(value));
    return value;
}

namespace {

// A sum of words of 32 bits, and how often it had a carry.
struct Sum {
    uint32_t words = 0;
    uint32_t carries = 0;

    void add(uint32_t word)
    {
        words += word;
        carries += words < word ? 1 : 0;
    }
    template <size_t bytes> void add_words(const std::byte* from)
    {
#pragma GCC unroll 8
        for (size_t i = 0; i < bytes; i += 4) {
            add(load<uint32_t>(from + i));
        }
    }
    // The part of `size` that is `bytes`, a power of 2.
    template <size_t bytes> void add_rest(const std::byte*& from, size_t size)
    {
        if ((size & bytes) != 0) {
            add_words<bytes>(from);
            from += bytes;
        }
    }
};

}   // namespace

// Folded together, words of 32 bits and their carries give the same result as words of 16 bits (RFC
// 1071, 2.C). Sums of 64 bits take longer (docs/performance.md, "Copies"). Unaligned loads are fine
// on this machine.
uint16_t internet_sum(const void* data, size_t size)
{
    const std::byte* next = static_cast<const std::byte*>(data);
    Sum sum;
    for (size_t left = size; left >= 32; left -= 32, next += 32) {
        sum.add_words<32>(next);
    }
    sum.add_rest<16>(next, size);
    sum.add_rest<8>(next, size);
    sum.add_rest<4>(next, size);
    if ((size & 2) != 0) {
        sum.add(load<uint16_t>(next));
        next += 2;
    }
    if ((size & 1) != 0) {
        sum.add(static_cast<uint8_t>(*next));   // little endian: the first byte is the low one
    }
    uint32_t folded = (sum.words & 0xFFFF) + (sum.words >> 16);
    folded += (sum.carries & 0xFFFF) + (sum.carries >> 16);
    folded = (folded & 0xFFFF) + (folded >> 16);
    folded = (folded & 0xFFFF) + (folded >> 16);
    return static_cast<uint16_t>(folded);
}

extern "C" uint16_t net_checksum(const void* data, int size);
uint16_t net_checksum(const void* data, int size)
{
    return internet_sum(data, static_cast<size_t>(size));
}
