// From the registers of a system call to its handler, and back.
#pragma once
#include <cstdint>

class Environment;

// Runs the system call that `caller`, the current environment, has made.
void dispatch_syscall(Environment& caller);

// JOS's answer to a bad pointer where there is no other: one line, and the environment ends.
void refuse_access(Environment& environment, uintptr_t va);
