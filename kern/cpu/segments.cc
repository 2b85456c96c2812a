#include "kern/cpu/segments.hh"

#include <array>

#include "inc/layout.h"
#include "kern/cpu/cpu.hh"
#include "kern/cpu/double_fault.hh"
#include "kern/cpu/x86.hh"
#include "kern/debug/kernel_stack.hh"

std::array<Cpu, max_cpus> cpus{};
unsigned cpu_count = 1;

namespace {

constexpr uint64_t segment(uint32_t base, uint32_t limit, uint64_t access, uint64_t flags)
{
    return (limit & 0xFFFF) | static_cast<uint64_t>(base & 0xFFFFFF) << 16 | access << 40
        | static_cast<uint64_t>(limit >> 16 & 0xF) << 48 | flags << 52
        | static_cast<uint64_t>(base >> 24) << 56;
}

constexpr uint64_t flat(uint64_t access) { return segment(0, 0xFFFFF, access, 0xC); }
constexpr uint64_t kernel_code = 0x9A, kernel_data = 0x92, user_code = 0xFA, user_data = 0xF2,
    task_state = 0x89;

// Each CPU has a table of its own, so that a selector stands for its own task states: that of its
// traps, and that of its double fault.
struct SegmentTable {
    std::array<uint64_t, double_fault_task / 8 + 1> entries{
        0, flat(kernel_code), flat(kernel_data), flat(user_code), flat(user_data)};
};
constinit std::array<SegmentTable, max_cpus> tables{};

struct [[gnu::packed]] TableRegister {
    uint16_t limit;
    uint32_t base;
};

uint32_t address32(const void* pointer)
{
    return static_cast<uint32_t>(reinterpret_cast<uintptr_t>(pointer));
}

}   // namespace

void segments_init()
{
    Cpu& cpu = this_cpu();
    cpu.task_state.esp0 = static_cast<uint32_t>(kernel_stack_top(cpu.id));
    cpu.task_state.ss0 = GD_KD;
    install_task(GD_TSS0, cpu.task_state);

    const SegmentTable& table = tables[cpu.id];
    const TableRegister location{sizeof(table) - 1, address32(&table)};
    x86::load_gdt(&location);
    asm volatile("movw %w0, %%ds\n\tmovw %w0, %%es\n\tmovw %w0, %%ss\n\t"
                 "movw %w1, %%fs\n\tmovw %w1, %%gs\n\t"
                 "ljmp %2, $1f\n1:" ::"r"(GD_KD), "r"(GD_UD | 3), "i"(GD_KT) : "memory");
    x86::load_task_register(GD_TSS0);
}

void install_task(uint16_t selector, const TaskState& state)
{
    tables[this_cpu().id].entries[selector / 8] =
        segment(address32(&state), sizeof(TaskState) - 1, task_state, 0);
}
