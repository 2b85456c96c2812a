// Trap entry: every vector pushes an error code (the CPU's or 0) and its number, then the rest
// of a Trapframe (inc/trap.hh), and calls trap(). The vectors' addresses are in trap_vectors.
#include "inc/layout.h"
#include "inc/mmu.h"

#define VECTORS 52

.text
.macro VECTOR number
vector\number:
    // 8, 10 to 14 and 17 come with an error code.
    .if !(\number == 8 || (\number >= 10 && \number <= 14) || \number == 17)
    pushl $0
    .endif
    pushl $\number
    jmp trap_common
.endm

.altmacro
.macro ALL_VECTORS
    .set number, 0
    .rept VECTORS
        VECTOR %number
        .set number, number + 1
    .endr
.endm
ALL_VECTORS

// SYSENTER comes here (lib/system_call.S), on this CPU's stack and without interrupts, but with the
// program's flags: makes a frame as if the program had come by the trap. With the flag TF set a
// debug trap comes first (kern/cpu/trap.cc).
.globl system_call_entry
system_call_entry:
    pushl $(GD_UD | 3)
    pushl %ebp
    pushfl
    orl $FL_IF, (%esp)
    pushl $0                    // NT, above all: IRET must not leave for another task
    popfl
    pushl $(GD_UT | 3)
    pushl %eax
    andl $~(SYSTEM_CALL_ALIGN - 1), (%esp)
    andl $(SYSTEM_CALL_ALIGN - 1), %eax
    pushl $0
    pushl $0x30                 // T_SYSCALL
    jmp trap_common

.globl trap_common
trap_common:
    pushl %ds
    pushl %es
    pusha
    movl $GD_KD, %eax
    movw %ax, %ds
    movw %ax, %es
    cld
    movl %esp, %eax
    xorl %ebp, %ebp             // a backtrace ends here
    pushl %eax
    call trap
    addl $4, %esp
    // Back to kernel code that an interrupt found halted.
    popa
    popl %es
    popl %ds
    addl $8, %esp
    iret

// [[noreturn]] void trap_return(const Trapframe* frame): continues what the frame describes.
.globl trap_return
trap_return:
    movl 4(%esp), %esp
    popa
    popl %es
    popl %ds
    addl $8, %esp
    iret

.section .rodata
.balign 4
.globl trap_vectors
trap_vectors:
.macro ADDRESS number
    .long vector\number
.endm
    .set number, 0
    .rept VECTORS
        ADDRESS %number
        .set number, number + 1
    .endr
