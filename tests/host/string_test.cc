// Our string functions against the host's, over many sizes, alignments and overlaps.
#include <gtest/gtest.h>

#include <climits>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <string>
#include <vector>

namespace host {
void* move(void* to, const void* from, size_t size) { return ::memmove(to, from, size); }
long to_long(const char* text, char** end, int base) { return ::strtol(text, end, base); }
unsigned long to_unsigned(const char* text, char** end, int base)
{
    return ::strtoul(text, end, base);
}
} // namespace host

#include "tests/host/renamed_libc.hh"

#include "lib/string.cc"

namespace {

std::vector<char> counted(size_t size)
{
    std::vector<char> bytes(size);
    std::iota(bytes.begin(), bytes.end(), char{1});
    return bytes;
}

TEST(String, MemcpyCopiesEverySizeAtEveryAlignment)
{
    for (size_t size = 0; size <= 300; size++) {
        for (size_t offset = 0; offset < 16; offset++) {
            const auto source = counted(size + offset);
            std::vector<char> target(size + 8, 'x');
            ASSERT_EQ(memcpy(target.data() + 3, source.data() + offset, size), target.data() + 3);
            ASSERT_TRUE(std::equal(source.begin() + static_cast<long>(offset), source.end(),
                                   target.begin() + 3));
            ASSERT_EQ(target[2], 'x');
            ASSERT_EQ(target[3 + size], 'x');
        }
    }
}

TEST(String, MemmoveIsRightForEveryOverlap)
{
    for (const size_t size : {0, 1, 3, 4, 7, 31, 32, 33, 50, 64, 71}) {
        for (size_t to = 0; to <= 50; to++) {
            for (size_t from = 0; from <= 50; from++) {
                auto ours = counted(130), theirs = counted(130);
                memmove(ours.data() + to, ours.data() + from, size);
                host::move(theirs.data() + to, theirs.data() + from, size);
                ASSERT_EQ(ours, theirs) << size << " bytes from " << from << " to " << to;
            }
        }
    }
}

TEST(String, MemsetFillsExactly)
{
    for (size_t size = 0; size <= 300; size++) {
        std::vector<char> bytes(size + 2, 'x');
        memset(bytes.data() + 1, 0x1AB, size);
        EXPECT_EQ(bytes.front(), 'x');
        EXPECT_EQ(bytes.back(), 'x');
        EXPECT_EQ(std::count(bytes.begin(), bytes.end(), '\xAB'), static_cast<long>(size));
    }
}

TEST(String, ComparesAsUnsignedBytes)
{
    EXPECT_GT(memcmp("\xFF", "\x01", 1), 0);
    EXPECT_GT(strcmp("\xFF", "\x01"), 0);
    EXPECT_EQ(memcmp("abc", "abd", 2), 0);
    EXPECT_LT(strcmp("ab", "abc"), 0);
    EXPECT_EQ(strncmp("abc", "abd", 2), 0);
    EXPECT_EQ(strncmp("ab", "ab\0c", 5), 0);
    EXPECT_EQ(strcasecmp("Content-LENGTH", "content-length"), 0);
    EXPECT_LT(strncasecmp("a", "B", 1), 0);
    EXPECT_NE(strcasecmp("@", "`"), 0);
}

TEST(String, Searches)
{
    const char text[] = "a/b/c";
    EXPECT_EQ(strchr(text, '/'), text + 1);
    EXPECT_EQ(strrchr(text, '/'), text + 3);
    EXPECT_EQ(strchr(text, '\0'), text + 5);
    EXPECT_EQ(strchr(text, 'x'), nullptr);
    EXPECT_EQ(memchr(text, 'c', 5), text + 4);
    EXPECT_EQ(memchr(text, 'c', 4), nullptr);
    EXPECT_EQ(strstr(text, "b/"), text + 2);
    EXPECT_EQ(strstr(text, ""), text);
    EXPECT_EQ(strstr(text, "c/"), nullptr);
}

TEST(String, BoundedCopiesStayInBounds)
{
    char buffer[4] = {'x', 'x', 'x', 'x'};
    EXPECT_EQ(strlcpy(buffer, "hello", 3), 5u);
    EXPECT_STREQ(buffer, "he");
    EXPECT_EQ(buffer[3], 'x');
    EXPECT_EQ(strlcpy(buffer, "hello", 0), 5u);
    EXPECT_STREQ(buffer, "he");
    strncpy(buffer, "a", 4);
    EXPECT_EQ(std::string(buffer, 4), std::string("a\0\0\0", 4));
    EXPECT_EQ(strnlen("abc", 2), 2u);
}

TEST(String, ParsesNumbersAsTheHostDoes)
{
    const char* const texts[] = {"0",      "42",    " \t-17",  "+9x",  "0x1F",   "0x",     "0xg",
                                 "017",    "08",    "",        "-",    "  ",     "z",      "ff",
                                 "1e5",    "-0x10", "99999999999999999999", "-99999999999999999999",
                                 "9223372036854775807", "-9223372036854775808", "7fffffff"};
    for (const char* text : texts) {
        for (int base : {0, 8, 10, 16, 36}) {
            char *our_end = nullptr, *host_end = nullptr;
            EXPECT_EQ(strtol(text, &our_end, base), host::to_long(text, &host_end, base))
                << text << " in base " << base;
            EXPECT_EQ(our_end, host_end) << text << " in base " << base;
            EXPECT_EQ(strtoul(text, &our_end, base), host::to_unsigned(text, &host_end, base))
                << text << " in base " << base;
        }
    }
    EXPECT_EQ(atoi("12abc"), 12);
}

} // namespace
