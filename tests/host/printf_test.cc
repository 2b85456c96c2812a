// Our formatter against the host's snprintf.
#include <gtest/gtest.h>

#include <climits>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>

namespace host {
std::string format(const char* format, va_list arguments)
{
    char buffer[2048];
    const int length = ::vsnprintf(buffer, sizeof buffer, format, arguments);
    return std::string(buffer, static_cast<size_t>(length));
}
} // namespace host

#include "tests/host/renamed_libc.hh"

#include "lib/string.cc"

#include "lib/printf.cc"

namespace {

void expect_same(const char* format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    char ours[2048];
    const int length = vsnprintf(ours, sizeof ours, format, arguments);
    const std::string theirs = host::format(format, again);
    EXPECT_EQ(std::string(ours, static_cast<size_t>(length)), theirs) << "format " << format;
    va_end(again);
    va_end(arguments);
}

TEST(Printf, IntegersWithEveryFlagWidthAndPrecision)
{
    for (const char* flags : {"", "-", "0", "+", " ", "#", "-0", "+ ", "#0", "-+", "-#", "+0"}) {
        for (const char* width : {"", "1", "5", "12"}) {
            for (const char* precision : {"", ".", ".0", ".3", ".8"}) {
                for (const char* type : {"d", "i", "u", "x", "X", "o"}) {
                    const std::string format =
                        std::string("[%") + flags + width + precision + type + "]";
                    for (int value : {0, 1, -1, 42, 511, INT_MAX, INT_MIN}) {
                        expect_same(format.c_str(), value);
                    }
                }
            }
        }
    }
}

TEST(Printf, Lengths)
{
    expect_same("%hhd %hhu %hd %hu %hx", 511, 511, 70000, 70000, -1);
    expect_same("%ld %lu %lx", LONG_MIN, ULONG_MAX, ULONG_MAX);
    expect_same("%lld %llu %llx %llo", LLONG_MIN, ULLONG_MAX, ULLONG_MAX, ULLONG_MAX);
    expect_same("%zu %zx", SIZE_MAX, SIZE_MAX);
    expect_same("%llu", 4294967296ull);
    expect_same("%llu", 10000000000ull);
}

TEST(Printf, StringsAndCharacters)
{
    expect_same("[%s] [%10s] [%-10s] [%.2s] [%10.2s]", "hello", "hello", "hello", "hello", "hello");
    expect_same("[%c] [%3c] [%-3c] %%", 'a', 'b', 'c');
    expect_same("[%.*s] [%*d] [%-*d] [%*d]", 3, "abcdef", 6, 42, 6, 42, -6, 42);
    expect_same("%.3s", "abc");
    expect_same("no conversions");
    expect_same("%p", reinterpret_cast<void*>(0x1234));

    char buffer[16];
    const char* nothing = nullptr;
    snprintf(buffer, sizeof buffer, "%s", nothing);
    EXPECT_STREQ(buffer, "(null)");
}

TEST(Printf, ReadsNoMoreOfAStringThanThePrecision)
{
    const char unterminated[3] = {'a', 'b', 'c'};
    char buffer[8];
    snprintf(buffer, sizeof buffer, "%.3s", unterminated);
    EXPECT_STREQ(buffer, "abc");
}

TEST(Printf, CutsAtTheBufferAndReturnsTheWholeLength)
{
    char buffer[6] = {'x', 'x', 'x', 'x', 'x', 'x'};
    EXPECT_EQ(snprintf(buffer, 5, "%s", "abcdefgh"), 8);
    EXPECT_STREQ(buffer, "abcd");
    EXPECT_EQ(buffer[5], 'x');
    EXPECT_EQ(snprintf(nullptr, 0, "%d", 12345), 5);
    EXPECT_EQ(snprintf(buffer, 1, "%d", 12345), 5);
    EXPECT_STREQ(buffer, "");
}

int format_unchecked(char* buffer, size_t size, const char* format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(buffer, size, format, arguments);
    va_end(arguments);
    return length;
}

TEST(Printf, OddFormatsPrintThemselvesAndEndAtTheEnd)
{
    char buffer[32];
    format_unchecked(buffer, sizeof buffer, "100%");
    EXPECT_STREQ(buffer, "100%");
    format_unchecked(buffer, sizeof buffer, "%5");
    EXPECT_STREQ(buffer, "%5");
    format_unchecked(buffer, sizeof buffer, "%q!");
    EXPECT_STREQ(buffer, "%q!");
}

} // namespace
