// The console: serial line, VGA text screen and PC keyboard as one stream of bytes each way.
#pragma once
#include <span>

// Finds the devices and shows output from now on; input comes by interrupt once irq_install
// works, before that when somebody asks for it.
void console_init();
void console_enable_interrupts();       // call after the interrupt controller is set up

void console_putc(int byte);
void console_write(std::span<const char> text);     // in one piece: CPUs do not interleave in it

int console_getc();             // the next byte typed, 0 if none; polls the hardware
bool console_has_input();

// While Ctrl-C is watched for, it is not input: console_take_interrupt_key() tells once that it
// was typed (kern/env/foreground.hh).
void console_watch_interrupt_key(bool watch);
bool console_take_interrupt_key();

// Programs that wait for input are woken by the console's interrupt handlers.
class WaitQueue;
WaitQueue& console_input_queue();

// Reads a line with echo and editing into a buffer of its own, waiting for it; the final newline
// is not part of it. Unmangled: debuggers and graders set a breakpoint here.
extern "C" char* readline(const char* prompt);

// Held while something is printed as a whole. The same CPU may take it again, so that a report
// from inside a report (a fault while printing) comes out; a panic ignores it.
class [[nodiscard]] ConsoleGuard {
public:
    ConsoleGuard();
    ~ConsoleGuard();
    ConsoleGuard(const ConsoleGuard&) = delete;
    ConsoleGuard& operator=(const ConsoleGuard&) = delete;
};
void console_break_lock();      // for panic: whoever holds the console has lost it
