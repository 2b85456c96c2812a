// System calls and messages of chosen environments, a decoded line each: `make trace ENVS=httpd`,
// the monitor's `trace`. docs/debugging.md shows what it looks like.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>

class Environment;

// What is known of an environment's system call until its result is printed.
struct SyscallTrace {
    bool is_on = false;
    bool is_unfinished = false;             // a call has begun, its result is still to come
    bool is_announced = false;              // but its beginning is printed
    uint32_t number = 0;
    uint32_t next_eip = 0;                  // where the program goes on after it
    std::array<uint32_t, 5> arguments{};
};

void trace_init();                          // takes the boot option `trace`: names, by commas
bool is_traced(std::string_view name);      // whether environments of this name are to be

// Where a system call is on its way. Call them for environments whose trace is on.
void trace_begin(Environment& caller);      // its handler is about to run
void trace_leave(Environment& caller);      // it waits, or has ended
void trace_end(Environment& caller);        // the program goes on
