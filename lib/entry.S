// Where a program starts, and the windows on kernel data that it has by name.
#include "inc/layout.h"

.globl envs, pages, uvpt, uvpd
.set envs, UENVS
.set pages, UPAGES
.set uvpt, UVPT
.set uvpd, UVPT + (UVPT >> 12) * 4

.text
.globl _start
_start:
    // spawn leaves argc and argv on the stack; the kernel starts a program with an empty one.
    cmpl $USTACKTOP, %esp
    jne 1f
    pushl $0
    pushl $0
1:  xorl %ebp, %ebp             // ends backtraces
    call libmain
2:  jmp 2b
