#include "kern/debug/panic.hh"

#include <atomic>
#include <cstdarg>

#include "inc/ports.hh"
#include "inc/stdio.hh"
#include "inc/trap.hh"
#include "kern/debug/kernel_stack.hh"
#include "kern/debug/monitor.hh"
#include "kern/debug/symbols.hh"
#include "kern/debug/trapframe.hh"
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

void begin_report(const char* file, int line)
{
    asm volatile("cli; cld");
    claim_report(file, line);
    console_break_lock();
    cprintf("\nkernel panic on CPU %u at %s:%d: ", current_cpu_number(), file, line);
}

[[noreturn]] void end_report()
{
    port_out8(debug_exit_port, exit_failed);
    for (;;) {                          // leaving the monitor leads nowhere
        monitor(nullptr);
    }
}

} // namespace

void panic_at(const char* file, int line, const char* format, ...)
{
    begin_report(file, line);
    va_list arguments;
    va_start(arguments, format);
    vcprintf(format, arguments);
    va_end(arguments);
    cprintf("\n");
    print_backtrace();
    end_report();
}

void panic_trap(const Trapframe& frame)
{
    const SourcePlace place = source_place(frame.tf_eip);
    begin_report(place.file, static_cast<int>(place.line));
    constexpr uint32_t pushed = 16;     // at an exception in the kernel: what the first one lacked
    if (frame.tf_trapno == T_DBLFLT
        && !kernel_stack_at(frame.tf_esp).holds((frame.tf_esp & ~3u) - pushed, pushed)) {
        cprintf("the kernel stack is used up, stack pointer %08x\n", frame.tf_esp);
    } else {
        cprintf("%s in %s\n", trap_name(frame.tf_trapno),
                (frame.tf_cs & 3) != 0 ? "a program" : "the kernel");
    }
    print_trapframe(frame);
    print_backtrace(frame);
    end_report();
}
