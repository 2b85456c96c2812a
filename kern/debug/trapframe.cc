#include "kern/debug/trapframe.hh"

#include <array>

#include "inc/mmu.h"
#include "inc/stdio.hh"
#include "inc/trap.hh"
#include "kern/debug/kernel_stack.hh"
#include "kern/dev/console.hh"

namespace {

// The CPU's exceptions. Intel SDM volume 3, table 6-1.
constexpr std::array<const char*, 20> exception_names = {
    "Divide error",
    "Debug",
    "Non-Maskable Interrupt",
    "Breakpoint",
    "Overflow",
    "BOUND Range Exceeded",
    "Invalid Opcode",
    "Device Not Available",
    "Double Fault",
    "Coprocessor Segment Overrun",
    "Invalid TSS",
    "Segment Not Present",
    "Stack Fault",
    "General Protection",
    "Page Fault",
    "(unknown trap)",
    "x87 FPU Floating-Point Error",
    "Alignment Check",
    "Machine-Check",
    "SIMD Floating-Point Exception",
};
constexpr uint32_t irq_count = 16;

uint32_t fault_address()
{
    uint32_t value = 0;
    asm volatile("movl %%cr2, %0" : "=r"(value));
    return value;
}

void print_registers(const PushRegs& registers)
{
    cprintf("  edi  0x%08x\n", registers.reg_edi);
    cprintf("  esi  0x%08x\n", registers.reg_esi);
    cprintf("  ebp  0x%08x\n", registers.reg_ebp);
    cprintf("  oesp 0x%08x\n", registers.reg_oesp);
    cprintf("  ebx  0x%08x\n", registers.reg_ebx);
    cprintf("  edx  0x%08x\n", registers.reg_edx);
    cprintf("  ecx  0x%08x\n", registers.reg_ecx);
    cprintf("  eax  0x%08x\n", registers.reg_eax);
}

void print_error(const Trapframe& frame)
{
    if (frame.tf_trapno != T_PGFLT) {
        cprintf("  err  0x%08x\n", frame.tf_err);
        return;
    }
    cprintf("  cr2  0x%08x\n", fault_address());
    cprintf("  err  0x%08x [%s, %s, %s]\n", frame.tf_err,
            (frame.tf_err & FEC_U) != 0 ? "user" : "kernel",
            (frame.tf_err & FEC_WR) != 0 ? "write" : "read",
            (frame.tf_err & FEC_PR) != 0 ? "protection" : "not-present");
}

} // namespace

const char* trap_name(uint32_t number)
{
    if (number < exception_names.size()) {
        return exception_names[number];
    }
    if (number == T_SYSCALL) {
        return "System call";
    }
    return number - IRQ_OFFSET < irq_count ? "Hardware Interrupt" : "(unknown trap)";
}

void print_trapframe(const Trapframe& frame)
{
    ConsoleGuard guard;
    cprintf("TRAP frame at %p from CPU %u\n", static_cast<const void*>(&frame),
            current_cpu_number());
    print_registers(frame.tf_regs);
    cprintf("  es   0x----%04x\n", frame.tf_es & 0xFFFF);
    cprintf("  ds   0x----%04x\n", frame.tf_ds & 0xFFFF);
    cprintf("  trap 0x%08x %s\n", frame.tf_trapno, trap_name(frame.tf_trapno));
    print_error(frame);
    cprintf("  eip  0x%08x\n", frame.tf_eip);
    cprintf("  cs   0x----%04x\n", frame.tf_cs & 0xFFFF);
    cprintf("  flag 0x%08x\n", frame.tf_eflags);
    if ((frame.tf_cs & 3) != 0) {       // the CPU pushes these only when coming from user mode
        cprintf("  esp  0x%08x\n", frame.tf_esp);
        cprintf("  ss   0x----%04x\n", frame.tf_ss & 0xFFFF);
    }
}
