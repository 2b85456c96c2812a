// The Internet checksum against the definition of RFC 1071.
#include "net/checksum.hh"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <vector>

namespace {

// Words in network order, added with end-around carry; returned in memory order.
uint16_t by_definition(const uint8_t* data, size_t size)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < size; i += 2) {
        const uint32_t low = i + 1 < size ? data[i + 1] : 0;
        sum += (uint32_t{data[i]} << 8) | low;
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    return __builtin_bswap16(static_cast<uint16_t>(sum));
}

// 0 and 0xFFFF are the same number in ones' complement.
bool same(uint16_t a, uint16_t b)
{
    return a == b || ((a == 0 || a == 0xFFFF) && (b == 0 || b == 0xFFFF));
}

TEST(ChecksumTest, ExampleOfRfc1071)
{
    const std::array<uint8_t, 8> data = {0x00, 0x01, 0xF2, 0x03, 0xF4, 0xF5, 0xF6, 0xF7};
    EXPECT_EQ(__builtin_bswap16(internet_sum(data.data(), data.size())), 0xDDF2);
}

TEST(ChecksumTest, EverySizeAndAlignment)
{
    std::mt19937 random(2);
    std::vector<uint8_t> data(1700);
    for (uint8_t& byte : data) {
        byte = static_cast<uint8_t>(random());
    }
    for (size_t start = 0; start < 8; start++) {
        for (size_t size = 0; size < 1600; size++) {
            const uint8_t* from = data.data() + start;
            ASSERT_TRUE(same(internet_sum(from, size), by_definition(from, size)))
                << size << " bytes from " << start;
        }
    }
}

TEST(ChecksumTest, CarriesOfFullWords)
{
    const std::vector<uint8_t> ones(65535, 0xFF);
    for (size_t size : {2U, 4U, 32U, 1500U, 65535U}) {
        EXPECT_TRUE(same(internet_sum(ones.data(), size), by_definition(ones.data(), size)));
    }
}

} // namespace
