// The kernel's first instructions, at their physical address, paging off: map physical memory at
// KERNBASE with 4 MiB pages, go there, call kernel_main on the boot CPU's first stack.
#include "inc/layout.h"
#include "inc/mmu.h"

#define PHYSICAL(x) ((x) - KERNBASE)

.section .text.entry, "ax"
.globl _start
.set _start, PHYSICAL(entry)        // the ELF header carries the physical address

.globl entry
entry:
    movw $0x1234, 0x472             // warm boot

    // Identity for the next instructions, and KERNBASE up: 64 pages of 4 MiB each.
    movl $PHYSICAL(entry_directory), %edi
    movl $(PTE_P | PTE_W | PTE_PS), %eax
    movl %eax, (%edi)
    leal (KERNBASE >> 20)(%edi), %edi
    movl $64, %ecx
1:  movl %eax, (%edi)
    addl $4, %edi
    addl $PTSIZE, %eax
    loop 1b

    movl %cr4, %eax
    orl $CR4_PSE, %eax
    movl %eax, %cr4
    movl $PHYSICAL(entry_directory), %eax
    movl %eax, %cr3
    movl %cr0, %eax
    // EM: floating point and vector registers, which nobody saves, trap.
    orl $(CR0_PE | CR0_PG | CR0_WP | CR0_NE | CR0_MP | CR0_EM), %eax
    movl %eax, %cr0

    movl $.Lhigh, %eax
    jmp *%eax
.Lhigh:
    xorl %ebp, %ebp                 // ends backtraces
    movl $entry_stack_top, %esp
    call kernel_main
2:  hlt
    jmp 2b

.bss
.balign PGSIZE
.globl entry_directory
entry_directory:
    .space PGSIZE
    .space KSTKSIZE
entry_stack_top:
