#include "kern/debug/kernel_stack.hh"

#include <algorithm>
#include <array>

#include "inc/types.hh"
#include "kern/cpu/cpu.hh"

extern "C" char end[];                  // the kernel's image ends here (linker script)

namespace {

struct alignas(PGSIZE) Stack {
    std::array<char, KSTKSIZE> bytes{};
};
constinit std::array<Stack, max_cpus> double_fault_stacks{};

uintptr_t stack_pointer()
{
    return reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
}

} // namespace

unsigned cpu_of_other_stack(uintptr_t pointer)
{
    const auto begin = reinterpret_cast<uintptr_t>(double_fault_stacks.data());
    return pointer - begin < sizeof(double_fault_stacks)
        ? static_cast<unsigned>((pointer - begin) / sizeof(Stack))
        : 0;
}

uintptr_t double_fault_stack_top(unsigned cpu)
{
    return reinterpret_cast<uintptr_t>(&double_fault_stacks[cpu]) + sizeof(Stack);
}

StackRange current_kernel_stack()
{
    return kernel_stack_at(stack_pointer());
}

StackRange kernel_stack_at(uintptr_t pointer)
{
    if (pointer < KSTACKTOP && pointer >= MMIOLIM) {
        const uintptr_t top = kernel_stack_top(cpu_of_stack(pointer));
        return {top - KSTKSIZE, top};
    }
    const auto image_end = reinterpret_cast<uintptr_t>(end);
    if (pointer < KSTACKTOP || pointer >= image_end) {
        return {};
    }
    const uintptr_t bottom = round_down(pointer, PGSIZE);
    return {bottom, std::min(bottom + KSTKSIZE, image_end)};
}
