#include "kern/debug/panic.hh"

#include <atomic>
#include <cstdarg>

#include "inc/stdio.hh"
#include "kern/cpu/ports.hh"
#include "kern/debug/kernel_stack.hh"
#include "kern/debug/monitor.hh"
#include "kern/dev/console.hh"

namespace {

// QEMU's isa-debug-exit device: writing v ends QEMU with status 2v + 1. Without it nobody listens.
constexpr uint16_t debug_exit_port = 0xF4;
constexpr uint8_t exit_failed = 1;

constexpr int nobody = -1;
std::atomic<int> panicking_cpu = nobody;

[[noreturn]] void stop_cpu()
{
    for (;;) {
        asm volatile("cli; hlt");
    }
}

// Makes this CPU the one that reports; another one that panics at the same time stops here, and
// a panic inside the report gives up after one line, because the report cannot be trusted.
void claim_report(const char* file, int line)
{
    const int me = static_cast<int>(current_cpu_number());
    int first = nobody;
    if (panicking_cpu.compare_exchange_strong(first, me)) {
        return;
    }
    if (first == me) {
        console_break_lock();
        cprintf("\npanic within a panic at %s:%d\n", file, line);
        port_out8(debug_exit_port, exit_failed);
    }
    stop_cpu();
}

} // namespace

void panic_at(const char* file, int line, const char* format, ...)
{
    asm volatile("cli; cld");
    claim_report(file, line);
    console_break_lock();

    cprintf("\nkernel panic on CPU %d at %s:%d: ", panicking_cpu.load(), file, line);
    va_list arguments;
    va_start(arguments, format);
    vcprintf(format, arguments);
    va_end(arguments);
    cprintf("\n");
    print_backtrace();

    port_out8(debug_exit_port, exit_failed);
    for (;;) {                          // leaving the monitor leads nowhere
        monitor(nullptr);
    }
}
