// A started CPU's first instructions: real mode, at address 0x8000 where smp_start_cpus has
// copied them. The same way as the boot sector and kern/entry.S together: protected mode, paging
// with the entry directory (which maps these addresses too), its own stack, ap_main.
#include "inc/layout.h"
#include "inc/mmu.h"

#define PHYSICAL(x) ((x) - KERNBASE)
#define COPIED_TO 0x8000
#define COPIED(x) ((x) - ap_entry_begin + COPIED_TO)

.text
.globl ap_entry_begin, ap_entry_end
.code16
ap_entry_begin:
    cli
    xorw %ax, %ax
    movw %ax, %ds
    lgdtl COPIED(gdt_register)
    movl %cr0, %eax
    orl $CR0_PE, %eax
    movl %eax, %cr0
    ljmpl $GD_KT, $COPIED(protected)

.code32
protected:
    movw $GD_KD, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    xorl %eax, %eax
    movw %ax, %fs
    movw %ax, %gs
    movl %cr4, %eax
    orl $CR4_PSE, %eax
    movl %eax, %cr4
    movl $PHYSICAL(entry_directory), %eax
    movl %eax, %cr3
    movl %cr0, %eax
    orl $(CR0_PE | CR0_PG | CR0_WP | CR0_NE | CR0_MP | CR0_EM), %eax
    movl %eax, %cr0
    movl $high, %eax
    jmp *%eax

.balign 8
gdt:
    .quad 0
    .quad 0x00CF9A000000FFFF        // GD_KT: flat code
    .quad 0x00CF92000000FFFF        // GD_KD: flat data
gdt_register:
    .word gdt_register - gdt - 1
    .long COPIED(gdt)
ap_entry_end:

// Not copied: at the kernel's own addresses. The stacks are in the kernel's directory alone.
high:
    movl kernel_directory_address, %eax
    movl %eax, %cr3
    xorl %ebp, %ebp                 // ends backtraces
    movl ap_stack_top, %esp
    call ap_main
