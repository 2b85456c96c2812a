// The first serial line: a 16550A at the PC's COM1.
#pragma once
#include <cstdint>
#include <utility>

class SerialLine {
public:
    static constexpr unsigned irq = 4;

    void init();                        // 115200 baud, 8 bits, no parity; finds out if it is there
    void enable_interrupts();           // one for each byte received

    // Sends a byte. Waits for a busy transmitter, but not for ever: a line that takes nothing
    // loses bytes instead of stopping the kernel.
    void put(uint8_t byte);
    int get();                          // the next byte received, -1 if none
    bool take_break() { return std::exchange(break_received_, false); }     // it came as a byte 0

private:
    uint8_t read_status();

    bool present_ = false;
    bool break_received_ = false;
    bool stuck_ = false;                // took nothing last time: do not wait that long again
    int room_ = 0;                      // bytes that the transmit FIFO is known to take
};
