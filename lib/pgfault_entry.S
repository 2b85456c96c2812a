// Where the kernel has a program continue after a page fault (kern/cpu/page_fault.cc): on the
// exception stack, %esp at a UTrapframe (inc/trap.hh). Calls the program's handler, then goes on
// at the instruction that faulted, with all its registers.
#define UTF_REGS    8               // offsets in UTrapframe
#define UTF_EIP     (UTF_REGS + 32)
#define UTF_EFLAGS  (UTF_EIP + 4)
#define UTF_ESP     (UTF_EFLAGS + 4)

.text
.globl pgfault_upcall
pgfault_upcall:
    pushl %esp                      // the handler's argument: the UTrapframe
    call *pgfault_handler
    addl $4, %esp

    // The return address goes below the stack of the code that faulted. Where that is the
    // exception stack itself, the kernel has left the word free.
    movl UTF_ESP(%esp), %eax
    subl $4, %eax
    movl UTF_EIP(%esp), %ecx
    movl %ecx, (%eax)
    movl %eax, UTF_ESP(%esp)

    // All registers, then the flags, then that stack; nothing after popfl may change flags.
    addl $UTF_REGS, %esp
    popa
    addl $4, %esp                   // past the eip, which is on the other stack by now
    popfl
    popl %esp
    ret
