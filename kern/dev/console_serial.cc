#include "kern/dev/console_serial.hh"

#include "inc/ports.hh"

namespace {

// National Semiconductor PC16550D data sheet, table II.
constexpr uint16_t base = 0x3F8;
constexpr uint16_t data = base;                     // divisor low while divisor_latch is set
constexpr uint16_t interrupt_enable = base + 1;     // divisor high, likewise
constexpr uint16_t interrupt_identity = base + 2;   // when read
constexpr uint16_t fifo_control = base + 2;         // when written
constexpr uint16_t line_control = base + 3;
constexpr uint16_t modem_control = base + 4;
constexpr uint16_t line_status = base + 5;

constexpr uint8_t receive_interrupt = 0x01;         // interrupt_enable
constexpr uint8_t fifo_works = 0xC0;                // interrupt_identity: both bits
constexpr uint8_t fifo_enable = 0x01, fifo_clear_both = 0x06;
constexpr uint8_t eight_bits = 0x03, divisor_latch = 0x80;
constexpr uint8_t terminal_ready = 0x01, request_to_send = 0x02, interrupts_out = 0x08;
constexpr uint8_t data_ready = 0x01, break_interrupt = 0x10, transmitter_empty = 0x20;

constexpr uint8_t divisor_115200 = 1;
constexpr int fifo_bytes = 16;
constexpr int patience = 100'000;                   // polls of about a microsecond

} // namespace

void SerialLine::init()
{
    port_out8(interrupt_enable, 0);
    port_out8(line_control, divisor_latch);
    port_out8(data, divisor_115200);
    port_out8(interrupt_enable, 0);
    port_out8(line_control, eight_bits);
    port_out8(fifo_control, fifo_enable | fifo_clear_both);
    port_out8(modem_control, terminal_ready | request_to_send | interrupts_out);
    present_ = port_in8(line_status) != 0xFF;       // nothing there reads as all ones
}

void SerialLine::enable_interrupts()
{
    if (present_) {
        port_out8(interrupt_enable, receive_interrupt);
    }
}

// Reading the status clears a break in it, whatever it was read for.
uint8_t SerialLine::read_status()
{
    const uint8_t status = port_in8(line_status);
    break_received_ |= (status & break_interrupt) != 0;
    return status;
}

void SerialLine::put(uint8_t byte)
{
    if (!present_) {
        return;
    }
    if (room_ == 0) {
        int polls = stuck_ ? 1 : patience;
        while ((read_status() & transmitter_empty) == 0 && --polls > 0) {
            __builtin_ia32_pause();
        }
        stuck_ = polls == 0;
        if (stuck_) {
            return;
        }
        const bool fifo = (port_in8(interrupt_identity) & fifo_works) == fifo_works;
        room_ = fifo ? fifo_bytes : 1;
    }
    room_--;
    port_out8(data, byte);
}

int SerialLine::get()
{
    return present_ && (read_status() & data_ready) != 0 ? port_in8(data) : -1;
}
