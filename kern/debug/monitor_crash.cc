// The monitor's `crash`: brings the kernel down on purpose, to see what its reports look like, and
// to test them.
#include <array>
#include <string_view>

#include "inc/stdio.hh"
#include "kern/cpu/x86.hh"
#include "kern/debug/monitor.hh"
#include "kern/debug/panic.hh"

namespace {

void crash_by_panic() { panic("the monitor was asked to crash"); }

void crash_by_fault()
{
    volatile int* nowhere = nullptr;
    asm("" : "+r"(nowhere));            // the compiler must not know
    *nowhere = 1;
}

// Recursion without end. The result keeps it from being turned into a loop.
[[gnu::noinline]] int use_stack(volatile int* callers)
{
    volatile int mine = callers != nullptr ? *callers + 1 : 0;
    asm volatile("" ::: "memory");
    return mine < 0 ? 0 : use_stack(&mine) + mine;
}

void crash_by_stack() { use_stack(nullptr); }

// Without a trap table no exception can be delivered, not even a double fault.
void crash_by_triple_fault()
{
    struct [[gnu::packed]] {
        uint16_t limit = 0;
        uint32_t base = 0;
    } const empty;
    x86::load_idt(&empty);
    asm volatile("ud2");
}

struct Crash {
    const char* name;
    const char* description;
    void (*run)();
};

constexpr std::array crashes = {
    Crash{"panic", "a panic", crash_by_panic},
    Crash{"fault", "a page fault in the kernel", crash_by_fault},
    Crash{"stack", "a kernel stack that is used up: a double fault", crash_by_stack},
    Crash{"triple", "a triple fault, which resets the processor", crash_by_triple_fault},
};

int monitor_crash(int argc, char** argv, Trapframe*)
{
    const std::string_view wanted = argc == 2 ? argv[1] : "";
    for (const Crash& crash : crashes) {
        if (crash.name == wanted) {
            crash.run();
        }
    }
    for (const Crash& crash : crashes) {
        cprintf("crash %-7s %s\n", crash.name, crash.description);
    }
    return 0;
}

MONITOR_COMMAND(crash, "bring the kernel down, to see its report (crash: lists how)",
                monitor_crash);

} // namespace
