#include "inc/stdio.hh"
#include "inc/trap.hh"
#include "kern/debug/kernel_stack.hh"
#include "kern/debug/monitor.hh"
#include "kern/debug/symbols.hh"
#include "kern/dev/console.hh"

namespace {

constexpr int most_frames = 24;         // a recursion without end is clear by then
constexpr uintptr_t shown_arguments = 5;

// What `pushl %ebp; movl %esp, %ebp` at a function's start leaves.
struct Frame {
    const Frame* caller;
    uintptr_t return_address;
    uint32_t arguments[shown_arguments];
};

// `eip`: where execution goes on; `inside`: an address within that instruction or the call
// before it.
void print_place(uintptr_t eip, uintptr_t inside)
{
    const SourcePlace place = source_place(inside);
    if (place.function_start == 0) {
        cprintf("         <unknown>\n");
        return;
    }
    cprintf("         %s:%u: %s+%u\n", place.file, place.line, place.function,
            static_cast<unsigned>(eip - place.function_start));
}

void print_frame(const Frame& frame, const StackRange& stack)
{
    const auto ebp = reinterpret_cast<uintptr_t>(&frame);
    cprintf("  ebp %08x  eip %08x  args", static_cast<unsigned>(ebp),
            static_cast<unsigned>(frame.return_address));
    for (const uint32_t& argument : frame.arguments) {
        if (stack.holds(reinterpret_cast<uintptr_t>(&argument), sizeof(argument))) {
            cprintf(" %08x", static_cast<unsigned>(argument));
        }
    }
    cprintf("\n");
    print_place(frame.return_address, frame.return_address - 1);
}

void print_frames(uintptr_t ebp, const StackRange& stack)
{
    constexpr uintptr_t needed = sizeof(Frame::caller) + sizeof(Frame::return_address);
    for (int frames = 0; stack.holds(ebp, needed); frames++) {
        if (frames == most_frames) {
            cprintf("  ...\n");
            return;
        }
        const Frame& frame = *reinterpret_cast<const Frame*>(ebp);
        print_frame(frame, stack);
        const auto caller = reinterpret_cast<uintptr_t>(frame.caller);
        if (caller <= ebp) {            // 0 ends the chain; callers lie higher
            break;
        }
        ebp = caller;
    }
}

} // namespace

void print_backtrace(uintptr_t ebp)
{
    ConsoleGuard guard;
    cprintf("Stack backtrace:\n");
    print_frames(ebp != 0 ? ebp : reinterpret_cast<uintptr_t>(__builtin_frame_address(0)),
                 current_kernel_stack());
}

void print_backtrace(const Trapframe& frame)
{
    if ((frame.tf_cs & 3) != 0) {       // a program's: the kernel's own stack is of interest
        print_backtrace(reinterpret_cast<uintptr_t>(__builtin_frame_address(0)));
        return;
    }
    ConsoleGuard guard;
    cprintf("Stack backtrace:\n");
    cprintf("  ebp %08x  eip %08x\n", static_cast<unsigned>(frame.tf_regs.reg_ebp),
            static_cast<unsigned>(frame.tf_eip));
    print_place(frame.tf_eip, frame.tf_eip);
    // A double fault's frame is not on the stack that it tells of.
    print_frames(frame.tf_regs.reg_ebp, frame.tf_trapno == T_DBLFLT
                                            ? kernel_stack_at(frame.tf_esp)
                                            : current_kernel_stack());
}
