// What drivers use of the kernel, made for unit tests on the host: page frames from an arena,
// virtual time, interrupt lines and wait queues that only note what happened. Link
// fake_kernel.cc.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "kern/cpu/irq.hh"
#include "kern/env/wait_queue.hh"
#include "kern/memory/frames.hh"

namespace fake {

// Forgets everything: call it when a test begins.
void reset();

// All that was printed with cprintf since reset() or the last call.
std::string take_console();

size_t frames_in_use();
void limit_frames(size_t more);             // only so many more can be allocated

uint64_t now_us();                          // virtual time; a microsecond passes with each look

// Device memory that mmio_map will find.
void add_device_memory(PhysAddr address, volatile std::byte* registers);

struct Interrupt {
    IrqHandler handler = nullptr;
    void* context = nullptr;
};
Interrupt installed_interrupt(unsigned line);

// How often a queue was woken.
unsigned wakes(const WaitQueue& queue);

}  // namespace fake
