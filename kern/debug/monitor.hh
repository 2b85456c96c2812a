// The kernel monitor: a command line for looking at a stopped kernel.
#pragma once
#include <cstdint>

struct Trapframe;

// Runs commands until one of them leaves it. `frame`: what stopped the kernel, which it prints
// first, or null.
void monitor(Trapframe* frame);

// Commands of other parts register themselves: `MONITOR_COMMAND(nic, "show the card's rings",
// monitor_nic)` at namespace scope, with `int monitor_nic(int argc, char** argv, Trapframe*)`
// that returns a negative number to leave the monitor.
struct MonitorCommand {
    const char* name;
    const char* description;
    int (*run)(int argc, char** argv, Trapframe* frame);
};
#define MONITOR_COMMAND(name, description, function) \
    [[gnu::section("monitor_commands"), gnu::used]] \
    static constexpr MonitorCommand monitor_command_##name{#name, description, function}

// Prints a backtrace that starts at frame pointer `ebp`, the caller's own if 0.
void print_backtrace(uintptr_t ebp = 0);

// Prints where a trap in the kernel happened, and the backtrace from there.
void print_backtrace(const Trapframe& frame);
