// The instructions that C++ has no words for. Intel SDM volume 2.
#pragma once
#include <cstddef>
#include <cstdint>

namespace x86 {

inline uint32_t read_cr2()
{
    uint32_t value;
    asm volatile("movl %%cr2, %0" : "=r"(value));
    return value;
}
inline uint64_t rdtsc()
{
    uint32_t low, high;
    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return static_cast<uint64_t>(high) << 32 | low;
}
inline void write_msr(uint32_t number, uint32_t value)
{
    asm volatile("wrmsr" ::"c"(number), "a"(value), "d"(0));
}
struct Cpuid {
    uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
};
inline Cpuid cpuid(uint32_t leaf)
{
    Cpuid said{.eax = leaf};
    asm volatile("cpuid" : "+a"(said.eax), "=b"(said.ebx), "=c"(said.ecx), "=d"(said.edx));
    return said;
}
inline bool has_local_apic() { return (cpuid(1).edx & 1u << 9) != 0; }
inline bool has_sysenter() { return (cpuid(1).edx & 1u << 11) != 0; }
inline uint8_t own_apic_id() { return static_cast<uint8_t>(cpuid(1).ebx >> 24); }
inline void load_gdt(const void* descriptor) { asm volatile("lgdt (%0)" ::"r"(descriptor) : "memory"); }
inline void load_idt(const void* descriptor) { asm volatile("lidt (%0)" ::"r"(descriptor) : "memory"); }
inline void load_task_register(uint16_t selector) { asm volatile("ltr %0" ::"r"(selector)); }
inline void disable_interrupts() { asm volatile("cli" ::: "memory"); }
inline void enable_interrupts() { asm volatile("sti" ::: "memory"); }

// Waits for one interrupt. STI takes effect after the next instruction, so none slips in between
// the caller's last check and the HLT.
inline void wait_for_interrupt() { asm volatile("sti; hlt; cli" ::: "memory"); }

}   // namespace x86
