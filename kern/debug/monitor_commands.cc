// The monitor's commands about the machine as a whole.
#include "inc/layout.h"
#include "inc/stdio.hh"
#include "inc/types.hh"
#include "kern/debug/monitor.hh"
#include "kern/dev/power.hh"
#include "kern/env/environment.hh"
#include "kern/memory/frames.hh"

extern "C" const char entry[], etext[], edata[], end[];     // linker script, kern/entry.S

namespace {

void print_address(const char* name, const char* address)
{
    const auto value = reinterpret_cast<uintptr_t>(address);
    cprintf("  %-6s %08x (virt)  %08x (phys)\n", name, static_cast<unsigned>(value),
            static_cast<unsigned>(value - KERNBASE));
}

int monitor_kerninfo(int, char**, Trapframe*)
{
    cprintf("Special kernel symbols:\n");
    print_address("entry", entry);
    print_address("etext", etext);
    print_address("edata", edata);
    print_address("end", end);
    cprintf("Kernel in memory: %u KiB\n",
            static_cast<unsigned>(end - reinterpret_cast<const char*>(KERNBASE + EXTPHYSMEM)) /
                1024);
    return 0;
}

int monitor_backtrace(int, char**, Trapframe* frame)
{
    if (frame != nullptr) {
        print_backtrace(*frame);
    } else {
        print_backtrace();
    }
    return 0;
}

unsigned kibibytes(uint32_t pages)
{
    return pages * static_cast<unsigned>(page_size / 1024);
}

int monitor_mem(int, char**, Trapframe*)
{
    const FrameCounts counts = frame_counts();
    const uint32_t used = counts.total - counts.free;
    cprintf("pages: %u total, %u in use, %u free\n", counts.total, used, counts.free);
    cprintf("  KiB: %u total, %u in use, %u free\n", kibibytes(counts.total), kibibytes(used),
            kibibytes(counts.free));
    cprintf("The kernel's image and tables: %u KiB\n", kibibytes(counts.kernel));
    cprintf("Mapped, shared pages counted each time:\n");
    for (Environment& environment : Environment::all()) {
        if (environment.is_alive()) {
            const Env& info = environment.info();
            cprintf("  %08x %-15.16s %6u pages %7u KiB\n", static_cast<unsigned>(info.env_id),
                    info.env_name, info.env_pages, kibibytes(info.env_pages));
        }
    }
    return 0;
}

int monitor_reboot(int, char**, Trapframe*)
{
    power_reset();
    cprintf("The keyboard controller does not reset this machine\n");
    return 0;
}

int monitor_halt(int, char**, Trapframe*)
{
    power_off();
    cprintf("This machine cannot be switched off from here\n");
    return 0;
}

MONITOR_COMMAND(kerninfo, "show where the kernel lies in memory", monitor_kerninfo);
MONITOR_COMMAND(backtrace, "show the calls that led here", monitor_backtrace);
MONITOR_COMMAND(mem, "show where the pages are", monitor_mem);
MONITOR_COMMAND(reboot, "start the machine again", monitor_reboot);
MONITOR_COMMAND(halt, "switch the machine off", monitor_halt);

} // namespace
