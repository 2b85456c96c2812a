// system_call: makes a system call by SYSENTER (Intel SDM volume 2), which costs much less than the
// trap, above all under an emulator. EAX: its number; EDX, ECX, EBX, EDI, ESI: arguments. Results
// come in EAX, and for messages EDX and ECX; all other registers stay.
//
// SYSENTER forgets where it came from. So EBP says where the stack is, and EAX's high 24 bits where
// to go on, at a multiple of 256 (kern/cpu/trap_entry.S).
#include "inc/layout.h"

#define CODE_BYTES  12

.text
.balign SYSTEM_CALL_ALIGN
.skip SYSTEM_CALL_ALIGN - CODE_BYTES
.globl system_call
.type system_call, @function
system_call:
    pushl %ebp
    movl %esp, %ebp
1:  orl $2f, %eax
    sysenter
    // As long as the trap's instruction: where the kernel sends a program that is to call again.
    jmp 1b
2:  popl %ebp
    ret
.size system_call, . - system_call
