// Each CPU's local APIC: interrupts between CPUs, and a timer for CPUs that the PIC's does not
// reach. Intel SDM volume 3, chapter 10. A machine with one CPU leaves it as the firmware had it.
#pragma once
#include <cstdint>

#include "kern/memory/frames.hh"

namespace apic {

Result<void> map(PhysAddr registers);       // once, before the rest; no_memory
void enable();                              // this CPU's; device interrupts go to the boot CPU
void calibrate_timer();                     // once, by the boot CPU, after clock_init

void end_of_interrupt();

// Interrupts this CPU each `tick_ms` with T_APIC_TIMER, until stopped.
void start_timer();
void stop_timer();

// Has the CPU with this APIC id enter the kernel (T_WAKE).
void wake(uint8_t apic_id);

// Starts the halted CPU at real-mode address `page` * 4096. MP Specification B.4.
void start_cpu(uint8_t apic_id, uint8_t page);

}   // namespace apic
