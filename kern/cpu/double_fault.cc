#include "kern/cpu/double_fault.hh"

#include <array>

#include "inc/trap.hh"
#include "kern/cpu/cpu.hh"
#include "kern/cpu/paging.hh"
#include "kern/debug/panic.hh"

namespace {

constinit std::array<TaskState, max_cpus> tasks{};

uint32_t address32(const volatile void* pointer)
{
    return static_cast<uint32_t>(reinterpret_cast<uintptr_t>(pointer));
}

// What the interrupted CPU was doing, as a trap would have shown it.
Trapframe frame_of(const TaskState& state)
{
    Trapframe frame;
    frame.tf_regs = {state.edi, state.esi, state.ebp, state.esp,
                     state.ebx, state.edx, state.ecx, state.eax};
    frame.tf_es = state.es;
    frame.tf_ds = state.ds;
    frame.tf_trapno = T_DBLFLT;
    frame.tf_eip = state.eip;
    frame.tf_cs = state.cs;
    frame.tf_eflags = state.eflags;
    frame.tf_esp = state.esp;
    frame.tf_ss = state.ss;
    return frame;
}

// Runs in the task. The switch has saved the interrupted registers to the CPU's other task state.
[[noreturn]] void report()
{
    const Trapframe frame = frame_of(this_cpu().task_state);
    panic_trap(frame);
}

} // namespace

void double_fault_init()
{
    const Cpu& cpu = this_cpu();
    TaskState& task = tasks[cpu.id];
    task.cr3 = loaded_directory();
    task.eip = address32(reinterpret_cast<const void*>(report));
    task.eflags = 2;                    // the bit that is always set; interrupts off
    task.esp = static_cast<uint32_t>(double_fault_stack_top(cpu.id));
    task.cs = GD_KT;
    task.ds = task.es = task.ss = task.fs = task.gs = GD_KD;
    install_task(double_fault_task, task);
}
