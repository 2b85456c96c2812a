#include "kern/cpu/smp.hh"

#include <algorithm>
#include <cstddef>

#include "inc/layout.h"
#include "inc/stdio.hh"
#include "kern/cpu/apic.hh"
#include "kern/cpu/cpu_table.hh"
#include "kern/cpu/kernel_lock.hh"
#include "kern/cpu/paging.hh"
#include "kern/cpu/segments.hh"
#include "kern/cpu/trap.hh"
#include "kern/cpu/x86.hh"
#include "kern/debug/kernel_stack.hh"
#include "kern/debug/panic.hh"
#include "kern/dev/clock.hh"
#include "kern/env/scheduler.hh"
#include "kern/env/tick.hh"
#include "kern/memory/address_space.hh"

// kern/cpu/ap_entry.S: what a started CPU runs first, copied to where real mode reaches it.
extern "C" {
extern const std::byte ap_entry_begin[], ap_entry_end[];
uint32_t ap_stack_top;              // of the CPU that is being started
}

namespace {

constinit CpuTable table{};

constexpr uint32_t entry_address = 0x8000;      // free: below 1 MiB nothing is allocated
constexpr uint32_t start_limit_us = 1'000'000;

void start(Cpu& cpu)
{
    if (const auto stack = create_kernel_stack(cpu.id); !stack) {
        cprintf("CPU %u: no memory for its stack; it is not used\n", cpu.id);
        return;
    }
    ap_stack_top = static_cast<uint32_t>(kernel_stack_top(cpu.id));
    apic::start_cpu(cpu.apic_id, static_cast<uint8_t>(entry_address >> page_shift));
    if (!wait_until([&] { return cpu.started.load(); }, start_limit_us)) {
        cprintf("CPU %u (APIC %u) did not start; it is not used\n", cpu.id, cpu.apic_id);
    }
}

unsigned started_cpus()
{
    return static_cast<unsigned>(
        std::ranges::count_if(all_cpus(), [](const Cpu& cpu) { return cpu.started.load(); }));
}

}   // namespace

void smp_init()
{
    if (!x86::has_local_apic()) {
        panic("this CPU has no local APIC, whose timer the kernel needs");
    }
    table = read_cpu_table();
    if (const auto mapped = apic::map(table.local_apic); !mapped) {
        panic("no room for the local APIC's registers");
    }
    apic::enable();
}

void smp_start_cpus()
{
    if (table.cpu_count == 1) {
        return;
    }
    cpu_count = table.cpu_count;
    for (unsigned i = 0; i < cpu_count; ++i) {
        cpus[i].id = static_cast<uint8_t>(i);
        cpus[i].apic_id = table.apic_ids[i];
    }
    cpus[0].started = true;
    std::copy(ap_entry_begin, ap_entry_end, to_pointer({entry_address}));
    for (Cpu& cpu : all_cpus().subspan(1)) {
        start(cpu);
    }
    cprintf("SMP: %u CPUs", started_cpus());
    if (table.unused_cpus > 0) {
        cprintf(", %u more are left unused", table.unused_cpus);
    }
    cprintf("\n");
}

// Where a started CPU goes on, on its own stack (kern/cpu/ap_entry.S).
extern "C" [[noreturn]] void ap_main()
{
    load_kernel_space();
    segments_init();
    traps_load();
    apic::enable();
    this_cpu().started = true;
    kernel_lock.acquire();
    scheduler.run_next();
}

bool smp_wake_another_cpu()
{
    auto found = std::ranges::find_if(all_cpus(), &Cpu::is_halted);
    if (found == all_cpus().end()) {
        found = std::ranges::find_if(all_cpus(), [](const Cpu& cpu) {
            return cpu.in_user && !cpu.is_ticking;
        });
    }
    if (found == all_cpus().end()) {
        return false;
    }
    found->is_halted = false;               // one wake-up is enough
    apic::wake(found->apic_id);
    return true;
}

void smp_leave_space_if_asked()
{
    if (this_cpu().must_leave_space) {
        this_cpu().must_leave_space = false;
        load_kernel_space();
    }
}

void smp_lock_from_idle()
{
    while (!kernel_lock.try_acquire()) {
        smp_leave_space_if_asked();
        __builtin_ia32_pause();
    }
}

void smp_pull_into_kernel(Cpu& cpu)
{
    if (cpu.in_user) {
        apic::wake(cpu.apic_id);
        while (cpu.in_user) {
            __builtin_ia32_pause();
        }
    }
}
