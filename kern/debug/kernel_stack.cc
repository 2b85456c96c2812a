#include "kern/debug/kernel_stack.hh"

#include <algorithm>

#include "inc/layout.h"
#include "inc/types.hh"

extern "C" char end[];                  // the kernel's image ends here (linker script)

namespace {

constexpr uintptr_t stack_slot = KSTKSIZE + KSTKGAP;

uintptr_t stack_pointer()
{
    return reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
}

} // namespace

unsigned cpu_of_stack(uintptr_t pointer)
{
    return pointer < KSTACKTOP ? static_cast<unsigned>((KSTACKTOP - 1 - pointer) / stack_slot) : 0;
}

unsigned current_cpu_number()
{
    return cpu_of_stack(stack_pointer());
}

StackRange current_kernel_stack()
{
    return kernel_stack_at(stack_pointer());
}

StackRange kernel_stack_at(uintptr_t pointer)
{
    if (pointer < KSTACKTOP && pointer >= MMIOLIM) {
        const uintptr_t top = KSTACKTOP - cpu_of_stack(pointer) * stack_slot;
        return {top - KSTKSIZE, top};
    }
    const auto image_end = reinterpret_cast<uintptr_t>(end);
    if (pointer < KSTACKTOP || pointer >= image_end) {
        return {};
    }
    const uintptr_t bottom = round_down(pointer, PGSIZE);
    return {bottom, std::min(bottom + KSTKSIZE, image_end)};
}
