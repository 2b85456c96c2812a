// The system calls' handlers, a file per family. Each takes the caller and up to five words, and
// returns what eax gets: a value >= 0, or an Error.
#pragma once
#include "inc/result.hh"
#include "inc/syscall.hh"

class Environment;
using SyscallResult = Result<int32_t>;

// Declares every handler as sys_NAME(Environment& caller, const SyscallArguments&).
struct SyscallArguments {
    uint32_t a1 = 0, a2 = 0, a3 = 0, a4 = 0, a5 = 0;
};
#define X(number, name, arguments) \
    SyscallResult sys_##name(Environment& caller, const SyscallArguments& arguments_);
JOS_SYSCALLS(X)
#undef X
