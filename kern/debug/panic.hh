// Ends the kernel on its own bugs, and on nothing else: what devices, programs and the network
// do wrong is an Error.
#pragma once

// Prints the message, CPU, a symbolised backtrace; ends QEMU with a failing status where the
// isa-debug-exit device is there, else enters the monitor. `panic` adds file and line.
[[noreturn, gnu::format(gnu_printf, 3, 4)]] void panic_at(const char* file, int line,
                                                          const char* format, ...);
// The same for a trap that kernel code must not cause: shows its registers and where it happened.
struct Trapframe;
[[noreturn]] void panic_trap(const Trapframe& frame);

#define panic(...) panic_at(__FILE__, __LINE__, __VA_ARGS__)

// Holds in every build: a false condition panics and names itself.
#define ASSERT(condition) \
    ((condition) ? static_cast<void>(0) : panic("assertion failed: %s", #condition))
