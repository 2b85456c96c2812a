#include "kern/cpu/trap.hh"

#include <array>

#include "inc/stdio.hh"
#include "inc/string.hh"
#include "kern/cpu/apic.hh"
#include "kern/cpu/cpu.hh"
#include "kern/cpu/double_fault.hh"
#include "kern/cpu/irq.hh"
#include "kern/cpu/kernel_lock.hh"
#include "kern/cpu/page_fault.hh"
#include "kern/cpu/smp.hh"
#include "kern/cpu/x86.hh"
#include "kern/debug/counters.hh"
#include "kern/debug/monitor.hh"
#include "kern/debug/panic.hh"
#include "kern/debug/trapframe.hh"
#include "kern/env/frame_watch.hh"
#include "kern/env/scheduler.hh"
#include "kern/env/tick.hh"
#include "kern/syscall/dispatch.hh"

extern "C" const std::array<uint32_t, T_SPURIOUS + 1> trap_vectors;  // kern/cpu/trap_entry.S

extern "C" void system_call_entry();                                // likewise

namespace {

struct Gate {                           // Intel SDM volume 3, 6.11
    uint16_t offset_low = 0;
    uint16_t selector = 0;
    uint8_t zero = 0;
    uint8_t access = 0;
    uint16_t offset_high = 0;
};
static_assert(sizeof(Gate) == 8);

constexpr uint8_t interrupt_gate = 0x8E, task_gate = 0x85, for_user = 0x60;
constinit std::array<Gate, 256> interrupt_table{};

struct [[gnu::packed]] TableRegister {
    uint16_t limit;
    uint32_t base;
};

bool from_user(const Trapframe& frame) { return (frame.tf_cs & 3) == 3; }

bool is_irq(const Trapframe& frame)
{
    return frame.tf_trapno >= IRQ_OFFSET && frame.tf_trapno < IRQ_OFFSET + irq_lines;
}

// SYSENTER leaves a program's flag TF set, which then traps before the kernel's first instruction.
bool stepped_into_system_call(const Trapframe& frame)
{
    return frame.tf_trapno == T_DEBUG
        && frame.tf_eip == reinterpret_cast<uintptr_t>(system_call_entry);
}

bool is_interrupt(const Trapframe& frame)
{
    return is_irq(frame) || frame.tf_trapno >= T_APIC_TIMER;
}

void interrupt(const Trapframe& frame)
{
    count(Counter::interrupts);
    switch (frame.tf_trapno) {
    case T_APIC_TIMER:
        apic::end_of_interrupt();
        tick();
        break;
    case T_WAKE:                        // that it is in the kernel now was the purpose
        apic::end_of_interrupt();
        break;
    case T_SPURIOUS:
        break;
    default:
        irq_dispatch(frame.tf_trapno - IRQ_OFFSET);
        frame_watch.on_interrupt();     // it may have been the card's
        scheduler.share();
    }
}

// What JOS says of a fault first: where the CPU has left the registers on the kernel's stack.
void announce_fault(const Trapframe& incoming)
{
    cprintf("Incoming TRAP frame at %p\n", static_cast<const void*>(&incoming));
}

// A program's own fault ends it.
void end_for_fault(Environment& environment)
{
    print_trapframe(environment.frame);
    environment.end(128 + static_cast<int>(environment.frame.tf_trapno));
}

void user_trap(Environment& current, const Trapframe& incoming)
{
    switch (current.frame.tf_trapno) {
    case T_SYSCALL:
        count(Counter::system_calls);
        dispatch_syscall(current);
        break;
    case T_PGFLT:
        count(Counter::page_faults);
        if (!page_fault_upcall(current, x86::read_cr2(), current.frame.tf_err)) {
            announce_fault(incoming);
            cprintf("[%08x] user fault va %08x ip %08x\n", static_cast<unsigned>(current.id()),
                    static_cast<unsigned>(x86::read_cr2()),
                    static_cast<unsigned>(current.frame.tf_eip));
            end_for_fault(current);
        }
        break;
    case T_BRKPT:
        announce_fault(incoming);
        // The monitor is for what was booted with `make run-X`; other programs can't stop the rest.
        if (current.info().env_parent_id == 0) {
            monitor(&current.frame);
        } else {
            end_for_fault(current);
        }
        break;
    default:
        announce_fault(incoming);
        end_for_fault(current);
    }
}

// Where SYSENTER goes, and on which stack; its stack segment is the next selector.
void load_system_call_entry()
{
    constexpr uint32_t code_selector = 0x174, stack_pointer = 0x175, instruction_pointer = 0x176;
    if (!x86::has_sysenter()) {
        panic("this CPU has no SYSENTER: any since the Pentium II has (QEMU: leave out -cpu)");
    }
    x86::write_msr(code_selector, GD_KT);
    x86::write_msr(stack_pointer, this_cpu().task_state.esp0);
    x86::write_msr(instruction_pointer,
                   static_cast<uint32_t>(reinterpret_cast<uintptr_t>(system_call_entry)));
}

}   // namespace

void traps_init()
{
    for (uint32_t number = 0; number < trap_vectors.size(); ++number) {
        const uint32_t offset = trap_vectors[number];
        const bool user_may = number == T_BRKPT || number == T_SYSCALL;
        interrupt_table[number] = {
            .offset_low = static_cast<uint16_t>(offset),
            .selector = GD_KT,
            .zero = 0,
            .access = static_cast<uint8_t>(interrupt_gate | (user_may ? for_user : 0)),
            .offset_high = static_cast<uint16_t>(offset >> 16),
        };
    }
    interrupt_table[T_DBLFLT] = {.selector = double_fault_task, .access = task_gate};
    traps_load();
}

void traps_load()
{
    double_fault_init();
    const TableRegister location{
        sizeof(interrupt_table) - 1,
        static_cast<uint32_t>(reinterpret_cast<uintptr_t>(interrupt_table.data()))};
    x86::load_idt(&location);
    load_system_call_entry();
}

void trap(Trapframe* frame)
{
    if (frame->tf_trapno == T_NMI) {    // a person's, to see where a machine hangs
        panic_trap(*frame);
    }
    if (!from_user(*frame)) {
        if (stepped_into_system_call(*frame)) {
            frame->tf_eflags &= ~uint32_t{FL_TF};
            return;
        }
        if (is_interrupt(*frame)) {     // found the CPU without work in Scheduler::idle
            smp_lock_from_idle();
            interrupt(*frame);
            kernel_lock.release();
            return;
        }
        panic_trap(*frame);
    }

    Cpu& cpu = this_cpu();
    Environment* const current = cpu.current;
    current->frame = *frame;
    cpu.in_user.store(false, std::memory_order_release);
    kernel_lock.acquire();

    if (is_interrupt(*frame)) {
        interrupt(*frame);
    } else if (scheduler.is_mine(*current)) {
        user_trap(*current, *frame);
    }
    if (scheduler.is_mine(*current)) {
        scheduler.resume(*current);
    }
    scheduler.run_next();
}
