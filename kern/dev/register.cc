#include "kern/dev/register.hh"

#include "inc/stdio.hh"
#include "kern/debug/counters.hh"
#include "kern/dev/nic_trace.hh"

// The compiler must neither move nor merge accesses to a device: hence volatile, and a barrier
// for the ordinary memory (descriptors, buffers) that the access is about. The CPU itself keeps
// stores in order (Intel SDM volume 3, 8.2).

uint32_t Registers::load(uint32_t offset) const
{
    count(Counter::mmio);
    const uint32_t bits = *reinterpret_cast<volatile uint32_t*>(base_ + offset);
    asm volatile("" : : : "memory");
    if (nic_traces(NicTrace::registers)) [[unlikely]] {
        cprintf("e1000: read  %04x: %08x\n", offset, bits);
    }
    return bits;
}

void Registers::store(uint32_t offset, uint32_t bits) const
{
    count(Counter::mmio);
    if (nic_traces(NicTrace::registers)) [[unlikely]] {
        cprintf("e1000: write %04x: %08x\n", offset, bits);
    }
    asm volatile("" : : : "memory");
    *reinterpret_cast<volatile uint32_t*>(base_ + offset) = bits;
}
