// When each CPU's timer interrupts it: at the end of a time slice while it is busy, and at the
// earliest deadline of those that wait while it is not.
//
// The timer interrupts once for each time it is set. A busy CPU's is due within `tick_ms` as soon
// as an interrupt could be of use: somebody waits for this CPU, or for a time before the timer's,
// or another CPU is awake, which may leave either to this one, or only the tick would see frames. A
// CPU that halts waits for the earliest deadline alone, and if another CPU ticks, or its timer is
// due before that, for nothing.
//
// Setting the timer costs an emulator more than many a system call. So a CPU that wakes for a short
// piece of work, which is what a first frame brings, does not set it; and one that is due is put
// off once in `tick_ms` at most: a CPU which halts and wakes ten thousand times a second hardly
// sets it more often than one that is always busy.
#pragma once
#include <cstdint>

class Environment;

inline constexpr uint32_t tick_ms = 10;     // a time slice

// The timer's interrupt: ends waits whose time is up, looks for frames, and ends the slice of what
// this CPU runs.
void tick();

// This CPU is going to run an environment, or to go on with it.
void tick_while_busy(const Environment& running);

// This CPU is going to halt.
void tick_before_halt();
