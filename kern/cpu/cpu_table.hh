// Which CPUs the machine has: the firmware's MADT. ACPI Specification 6.4, 5.2.12.
#pragma once
#include <array>
#include <cstdint>

#include "kern/cpu/cpu.hh"
#include "kern/memory/frames.hh"

struct CpuTable {
    PhysAddr local_apic{0xFEE00000};            // each CPU sees its own there (SDM 3, 10.4.1)
    unsigned cpu_count = 1;                     // at most max_cpus
    std::array<uint8_t, max_cpus> apic_ids{};   // the boot CPU's first
    unsigned unused_cpus = 0;                   // more than max_cpus are there
};

// One CPU, its APIC where it is after reset, if there is no table, or none that is sound.
CpuTable read_cpu_table();
