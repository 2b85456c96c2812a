// Trap numbers, and the registers that a trap saves.
#pragma once
#include "inc/types.hh"

inline constexpr uint32_t T_DIVIDE = 0, T_DEBUG = 1, T_NMI = 2, T_BRKPT = 3, T_OFLOW = 4,
    T_BOUND = 5, T_ILLOP = 6, T_DEVICE = 7, T_DBLFLT = 8, T_TSS = 10, T_SEGNP = 11, T_STACK = 12,
    T_GPFLT = 13, T_PGFLT = 14, T_FPERR = 16, T_ALIGN = 17, T_MCHK = 18, T_SIMDERR = 19,
    T_SYSCALL = 0x30, T_APIC_TIMER = 0x31, T_WAKE = 0x32, T_SPURIOUS = 0x33;
inline constexpr uint32_t IRQ_OFFSET = 0x20;    // hardware line n is trap IRQ_OFFSET + n
inline constexpr uint32_t IRQ_KBD = 1, IRQ_SERIAL = 4, IRQ_SPURIOUS = 7, IRQ_IDE = 14;

struct PushRegs {                       // in the order of PUSHA
    uint32_t reg_edi = 0, reg_esi = 0, reg_ebp = 0, reg_oesp = 0;
    uint32_t reg_ebx = 0, reg_edx = 0, reg_ecx = 0, reg_eax = 0;
};

struct Trapframe {
    PushRegs tf_regs;
    uint32_t tf_es = 0, tf_ds = 0;      // 16 bits each, padded
    uint32_t tf_trapno = 0;
    uint32_t tf_err = 0;                // from here on pushed by the CPU
    uint32_t tf_eip = 0, tf_cs = 0, tf_eflags = 0;
    uint32_t tf_esp = 0, tf_ss = 0;     // only when coming from user mode
};
static_assert(sizeof(Trapframe) == 0x44);

struct UTrapframe {                     // what a page-fault upcall finds on its stack
    uint32_t utf_fault_va = 0;
    uint32_t utf_err = 0;               // FEC_*
    PushRegs utf_regs;
    uint32_t utf_eip = 0, utf_eflags = 0, utf_esp = 0;
};
static_assert(sizeof(UTrapframe) == 52);
