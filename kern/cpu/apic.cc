#include "kern/cpu/apic.hh"

#include "inc/trap.hh"
#include "kern/cpu/cpu.hh"
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
constexpr uint32_t periodic = 0x20000;          // in timer_vector
constexpr uint32_t divide_by_16 = 0x3;
constexpr uint32_t command_init = 0x4500, command_startup = 0x4600, command_fixed = 0x4000;
constexpr uint32_t command_pending = 0x1000;
constexpr uint32_t command_limit_us = 100'000;

constinit volatile std::byte* base = nullptr;
constinit uint32_t counts_per_tick = 0;

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
    write(timer_vector, masked);
    end_of_interrupt();
}

void calibrate_timer()
{
    constexpr uint32_t all = 0xFFFFFFFF;
    write(divide, divide_by_16);
    write(timer_vector, masked);
    write(initial_count, all);
    delay_us(tick_ms * 1000);
    counts_per_tick = all - read(current_count);
    write(initial_count, 0);
}

void end_of_interrupt() { write(end_of_interrupt_register, 0); }

void start_timer()
{
    write(divide, divide_by_16);
    write(timer_vector, periodic | T_APIC_TIMER);
    write(initial_count, counts_per_tick);
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
