// Scancodes to bytes.
#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

#include "kern/dev/console_keyboard.hh"

namespace {

std::string decode(std::initializer_list<int> scancodes)
{
    ScancodeDecoder decoder;
    std::string typed;
    for (const int scancode : scancodes) {
        typed += decoder.feed(static_cast<uint8_t>(scancode));
    }
    return typed;
}

TEST(Keyboard, PlainKeys)
{
    EXPECT_EQ(decode({0x23, 0xA3, 0x17, 0x97, 0x39, 0xB9, 0x02, 0x82, 0x1C, 0x9C}), "hi 1\n");
    EXPECT_EQ(decode({0x0E, 0x8E}), "\b");
    EXPECT_EQ(decode({0x3B, 0xBB, 0x58, 0xD8}), "");            // function keys
}

TEST(Keyboard, ShiftAndCapsLock)
{
    EXPECT_EQ(decode({0x2A, 0x1E, 0x02, 0xAA, 0x1E}), "A!a");
    EXPECT_EQ(decode({0x36, 0x1E, 0xB6, 0x1E}), "Aa");
    EXPECT_EQ(decode({0x3A, 0xBA, 0x1E, 0x02, 0x2A, 0x1E, 0x02, 0xAA, 0x3A, 0xBA, 0x1E}), "A1a!a");
    EXPECT_EQ(decode({0x2A, 0x36, 0xAA, 0x1E, 0xB6, 0x1E}), "Aa");  // one shift is still down
}

TEST(Keyboard, Control)
{
    EXPECT_EQ(decode({0x1D, 0x2E, 0x9D, 0x2E}), "\x03"  "c");
    EXPECT_EQ(decode({0xE0, 0x1D, 0x16, 0xE0, 0x9D, 0x16}), "\x15"  "u");
    EXPECT_EQ(decode({0x1D, 0x02, 0x9D}), "1");                 // no control character
}

TEST(Keyboard, ExtendedKeys)
{
    EXPECT_EQ(decode({0xE0, 0x48, 0xE0, 0xC8}), "\x1B[A");
    EXPECT_EQ(decode({0xE0, 0x1C, 0xE0, 0x9C}), "\n");
    // Arrow keys come wrapped in a made-up shift when num lock is on: no shift, no characters.
    EXPECT_EQ(decode({0xE0, 0x2A, 0xE0, 0x4B, 0xE0, 0xCB, 0xE0, 0xAA, 0x1E}), "\x1B[Da");
    EXPECT_EQ(decode({0xE1, 0x1D, 0x45, 0xE1, 0x9D, 0xC5, 0x1E}), "a"); // Pause
}

TEST(Keyboard, EveryScancodeSequenceIsHarmless)
{
    ScancodeDecoder decoder;
    uint32_t random = 1;
    for (int i = 0; i < 100'000; i++) {
        random = random * 1664525 + 1013904223;
        const std::string_view bytes = decoder.feed(static_cast<uint8_t>(random >> 24));
        ASSERT_LE(bytes.size(), 4u);
        for (const char byte : bytes) {
            ASSERT_NE(byte, '\0');
        }
    }
}

} // namespace
