// Each CPU's local APIC: interrupts between CPUs, and each CPU's timer. Intel SDM volume 3,
// chapter 10.
#pragma once
#include <cstdint>

#include "kern/memory/frames.hh"

namespace apic {

Result<void> map(PhysAddr registers);       // once, before the rest; no_memory
void enable();                              // this CPU's; device interrupts go to the boot CPU
void calibrate_timer();                     // once, by the boot CPU, some ms after its enable()

void end_of_interrupt();

// Interrupts this CPU once with T_APIC_TIMER, in `us` or at most a thousandth later (or sooner, if
// that is more than a minute). Replaces what was set before.
void set_timer(uint64_t us);
void stop_timer();

// Has the CPU with this APIC id enter the kernel (T_WAKE).
void wake(uint8_t apic_id);

// Starts the halted CPU at real-mode address `page` * 4096. MP Specification B.4.
void start_cpu(uint8_t apic_id, uint8_t page);

}   // namespace apic
