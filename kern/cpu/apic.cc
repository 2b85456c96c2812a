#include "kern/cpu/apic.hh"

#include <algorithm>

#include "inc/trap.hh"
#include "kern/cpu/cpu.hh"
#include "kern/cpu/x86.hh"
#include "kern/debug/counters.hh"
#include "kern/debug/panic.hh"
#include "kern/dev/clock.hh"
#include "kern/memory/mmio.hh"

namespace apic {
namespace {

// Register offsets, table 10-1.
constexpr uint32_t end_of_interrupt_register = 0x0B0, spurious_vector = 0x0F0, command_low = 0x300,
    command_high = 0x310, timer_vector = 0x320, line0 = 0x350, line1 = 0x360, error_vector = 0x370,
    initial_count = 0x380, current_count = 0x390, divide = 0x3E0;

constexpr uint32_t enabled = 0x100;             // in spurious_vector
constexpr uint32_t masked = 0x10000;            // in the vector registers
constexpr uint32_t external = 0x700, nmi = 0x400;
constexpr uint32_t divide_by_16 = 0x3;
constexpr uint32_t command_init = 0x4500, command_startup = 0x4600, command_fixed = 0x4000;
constexpr uint32_t command_pending = 0x1000;
constexpr uint32_t command_limit_us = 100'000;

constinit volatile std::byte* base = nullptr;
constexpr uint32_t longest_count = 0xFFFFFFFF;
constinit uint64_t enabled_at = 0;              // time stamp counter
constinit uint32_t counts_per_ms = 0;

uint32_t read(uint32_t offset)
{
    count(Counter::mmio);
    return *reinterpret_cast<volatile uint32_t*>(base + offset);
}

void write(uint32_t offset, uint32_t value)
{
    count(Counter::mmio);
    *reinterpret_cast<volatile uint32_t*>(base + offset) = value;
}

void send(uint8_t apic_id, uint32_t command)
{
    write(command_high, uint32_t{apic_id} << 24);
    write(command_low, command);
    const auto sent = [] { return (read(command_low) & command_pending) == 0; };
    if (!wait_until(sent, command_limit_us)) {
        panic("the local APIC has not sent an interrupt to CPU %u", apic_id);
    }
}

}   // namespace

Result<void> map(PhysAddr registers)
{
    base = TRY(mmio_map(registers, page_size));
    return {};
}

void enable()
{
    const bool boot_cpu = this_cpu().id == 0;
    write(spurious_vector, enabled | T_SPURIOUS);
    write(line0, boot_cpu ? external : masked);     // the PIC
    write(line1, boot_cpu ? nmi : masked);
    write(error_vector, masked);
    write(divide, divide_by_16);
    write(timer_vector, T_APIC_TIMER);
    if (boot_cpu) {                                 // starts calibrate_timer()'s measurement
        write(initial_count, longest_count);
        enabled_at = x86::rdtsc();
    }
    end_of_interrupt();
}

// The time stamp counter's rate is known by now, and the timer has counted since enable().
void calibrate_timer()
{
    const uint64_t counted = longest_count - read(current_count);
    const uint64_t us = cycles_to_us(x86::rdtsc() - enabled_at);
    stop_timer();
    counts_per_ms = static_cast<uint32_t>(counted * 1000 / std::max<uint64_t>(us, 1));
    if (counts_per_ms == 0) {
        panic("the local APIC's timer does not count");
    }
}

void end_of_interrupt() { write(end_of_interrupt_register, 0); }

// A little late rather than early, which would have the caller set it again. A count of 0 stops it.
void set_timer(uint64_t us)
{
    const uint64_t counts = us * counts_per_ms / 1000;
    const uint64_t late = counts + counts / 1024 + 1;
    write(initial_count, static_cast<uint32_t>(std::min<uint64_t>(late, longest_count)));
}

void stop_timer() { write(initial_count, 0); }

void wake(uint8_t apic_id) { send(apic_id, command_fixed | T_WAKE); }

void start_cpu(uint8_t apic_id, uint8_t page)
{
    send(apic_id, command_init);
    delay_us(10'000);
    for (int i = 0; i < 2; ++i) {                   // the second is for CPUs that missed the first
        send(apic_id, command_startup | page);
        delay_us(200);
    }
}

}   // namespace apic
