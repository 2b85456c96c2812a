// When each CPU's timer interrupts it: at the end of a time slice while it is busy, and at the
// earliest deadline of those that wait while it is not.
//
// The timer interrupts once for each time it is set. A busy CPU's is due within `tick_ms`, always.
// A CPU that halts waits for the earliest deadline alone, and if another CPU's timer is due before
// that, for nothing. Setting the timer costs an emulator more than many a system call: one that is
// due is put off once in `tick_ms` at most, so that a CPU which halts and wakes ten thousand times
// a second hardly sets it more often than one that is always busy.
#pragma once
#include <cstdint>

inline constexpr uint32_t tick_ms = 10;     // a time slice

// The timer's interrupt: ends waits whose time is up, looks for frames, and ends the slice of what
// this CPU runs.
void tick();

// This CPU is going to run an environment, after it was halted or for the first time.
void tick_while_busy();

// This CPU is going to halt.
void tick_before_halt();
