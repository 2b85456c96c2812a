// The serial line, with a UART whose line status is as a test says.
#include "kern/dev/console_serial.hh"

#include <gtest/gtest.h>

#include <string>

#include "inc/ports.hh"

namespace {

constexpr uint16_t data = 0x3F8, line_status = 0x3FD;
constexpr uint8_t data_ready = 0x01, break_interrupt = 0x10, transmitter_empty = 0x20;

// As a 16550A: reading the status clears the break in it, but not the byte 0 that came for it.
struct Uart {
    bool has_break = false;
    std::string input, output;

    void send_break()
    {
        has_break = true;
        input += '\0';
    }
} uart;

class Serial : public testing::Test {
protected:
    void SetUp() override
    {
        uart = {};
        line.init();
    }
    SerialLine line;
};

} // namespace

uint8_t port_in8(uint16_t port)
{
    if (port == line_status) {
        const int status = transmitter_empty | (uart.input.empty() ? 0 : data_ready)
            | (uart.has_break ? break_interrupt : 0);
        uart.has_break = false;
        return static_cast<uint8_t>(status);
    }
    if (port == data && !uart.input.empty()) {
        const char byte = uart.input.front();
        uart.input.erase(0, 1);
        return static_cast<uint8_t>(byte);
    }
    return 0;
}

void port_out8(uint16_t port, uint8_t byte)
{
    if (port == data) {
        uart.output += static_cast<char>(byte);
    }
}

namespace {

TEST_F(Serial, BytesComeAndGo)
{
    uart.output.clear();
    uart.input = "in";
    line.put('o');
    EXPECT_EQ(line.get(), 'i');
    EXPECT_EQ(line.get(), 'n');
    EXPECT_EQ(line.get(), -1);
    EXPECT_EQ(uart.output, "o");
    EXPECT_FALSE(line.take_break());
}

TEST_F(Serial, BreakIsSeenByWhoReads)
{
    uart.send_break();
    EXPECT_EQ(line.get(), 0);
    EXPECT_TRUE(line.take_break());
    EXPECT_FALSE(line.take_break());
}

TEST_F(Serial, BreakThatComesWhileBytesAreSentIsNotLost)
{
    uart.send_break();
    line.put('x');
    EXPECT_EQ(line.get(), 0);
    EXPECT_TRUE(line.take_break());
}

} // namespace
