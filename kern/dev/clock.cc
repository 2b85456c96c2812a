#include "kern/dev/clock.hh"

#include <algorithm>

#include "inc/clock.hh"
#include "inc/layout.h"
#include "inc/ports.hh"
#include "inc/stdio.hh"
#include "kern/cpu/x86.hh"

namespace {

// The PC's interval timer, Intel 8254: its channel 2 measures the time stamp counter's rate.
constexpr uint32_t pit_hz = 1193182;
constexpr uint16_t pit_channel0 = 0x40, pit_channel2 = 0x42, pit_mode = 0x43;
constexpr uint8_t channel0_one_shot = 0x30, channel2_one_shot = 0xB0, latch_channel2 = 0x80;
constexpr uint16_t gate_port = 0x61;            // bit 0: channel 2 counts, bit 1: speaker

constexpr uint32_t calibration_counts = pit_hz / 50;    // 20 ms
constexpr int readings = 8;
constexpr int most_polls = 1000000;             // of some 3 us each
constexpr int most_attempts = 20;

struct alignas(PGSIZE) ClockPage {              // programs see all of it
    Clock clock;
};
constinit ClockPage page{};

void write_count(uint16_t channel, uint32_t count)
{
    port_out8(channel, static_cast<uint8_t>(count));
    port_out8(channel, static_cast<uint8_t>(count >> 8));
}

uint32_t read_channel2()
{
    port_out8(pit_mode, latch_channel2);
    const uint32_t low = port_in8(pit_channel2);
    return low | static_cast<uint32_t>(port_in8(pit_channel2)) << 8;
}

// Both clocks at one moment. The reading that took least is the one nobody interrupted.
struct Moment {
    uint64_t cycles = 0;
    uint32_t count = 0;
};

Moment read_both()
{
    Moment best;
    uint64_t best_width = UINT64_MAX;
    for (int i = 0; i < readings; ++i) {
        const uint64_t before = x86::rdtsc();
        const uint32_t count = read_channel2();
        const uint64_t width = x86::rdtsc() - before;
        if (width < best_width) {
            best_width = width;
            best = {before + width / 2, count};
        }
    }
    return best;
}

// Cycles a second, measured over some 20 ms. Wrong if this machine stood still for more than 30 of
// them (an emulator's host was busy): the counter has 16 bits. Wrong if the counter does not count.
uint64_t measure_cycles_per_second()
{
    port_out8(gate_port, static_cast<uint8_t>((port_in8(gate_port) & ~2) | 1));
    port_out8(pit_mode, channel2_one_shot);
    write_count(pit_channel2, 0xFFFF);
    const Moment first = read_both();
    for (int polls = 0; first.count - read_channel2() < calibration_counts; polls++) {
        if (polls == most_polls) {
            return 0;
        }
    }
    const Moment last = read_both();
    const uint32_t counted = (first.count - last.count) & 0xFFFF;
    return counted != 0 ? (last.cycles - first.cycles) * pit_hz / counted : 0;
}

// Measures until two results agree within 0.2 %, which ones that a pause has spoilt do not.
uint64_t calibrate()
{
    uint64_t previous = 0;
    for (int attempt = 0; attempt < most_attempts; attempt++) {
        const uint64_t hz = measure_cycles_per_second();
        const uint64_t difference = hz > previous ? hz - previous : previous - hz;
        if (hz != 0 && difference < hz / 500) {
            return hz;
        }
        previous = hz;
    }
    cprintf("clock: no two measurements of the time stamp counter agree; time may be wrong\n");
    return previous;
}

// The firmware has left channel 0 running. Nobody listens to it, but an emulator works for it.
void stop_channel0()
{
    port_out8(pit_mode, channel0_one_shot);
    write_count(pit_channel0, 1);
}

}   // namespace

void clock_init()
{
    stop_channel0();
    const uint64_t hz = calibrate();
    page.clock = {.start_cycles = x86::rdtsc(),
                  .us_per_cycle = (uint64_t{1000000} << 32) / std::max<uint64_t>(hz, 1000000)};
}

const void* clock_page() { return &page; }

uint64_t cycles_to_us(uint64_t cycles) { return page.clock.to_us(cycles); }
uint64_t time_us() { return page.clock.time_us(); }

void delay_us(uint32_t us)
{
    const uint64_t end = time_us() + us;
    while (time_us() < end) {
        __builtin_ia32_pause();
    }
}
