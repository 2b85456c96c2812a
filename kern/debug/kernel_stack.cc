#include "kern/debug/kernel_stack.hh"

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

unsigned current_cpu_number()
{
    const uintptr_t pointer = stack_pointer();
    return pointer < KSTACKTOP ? static_cast<unsigned>((KSTACKTOP - 1 - pointer) / stack_slot) : 0;
}

StackRange current_kernel_stack()
{
    const uintptr_t pointer = stack_pointer();
    if (pointer < KSTACKTOP) {
        const uintptr_t top = KSTACKTOP - current_cpu_number() * stack_slot;
        return {top - KSTKSIZE, top};
    }
    const auto image_end = reinterpret_cast<uintptr_t>(end);
    const uintptr_t top = round_down(pointer, PGSIZE) + KSTKSIZE;
    return {round_down(pointer, PGSIZE), top < image_end ? top : image_end};
}
