// System calls that wait on a word of shared memory and wake those who do.
#include "kern/env/environment.hh"
#include "kern/env/words.hh"
#include "kern/memory/user_memory.hh"
#include "kern/syscall/syscalls.hh"

namespace {

// Where the word at `va` is in memory, which the caller is known to read.
PhysAddr physical_word(Environment& caller, uintptr_t va)
{
    return {pte_address(caller.space.entry(va)).value + static_cast<uint32_t>(va % page_size)};
}

// How many references the caller's page at `va` has. fault: it has none there.
Result<unsigned> references(Environment& caller, uintptr_t va)
{
    TRY(UserBytes(caller, va, 1).check_readable());
    const PageFrame frame = TRY(caller.space.share(round_down(va, page_size)));
    return frame.references() - 1u;
}

}   // namespace

// word_wait(va, expected, sharer, env, timeout_ms): what it waits for may have come about before
// the call, and is looked at again after each wake-up; so no wake-up is lost between a program's
// own look and its sleep.
SyscallResult sys_word_wait(Environment& caller, const SyscallArguments& arguments)
{
    const uintptr_t va = arguments.a1;
    const uintptr_t sharer = arguments.a3;
    const auto env = static_cast<envid_t>(arguments.a4);
    if (va % sizeof(uint32_t) != 0) {
        return Error::invalid_argument;
    }
    if (TRY(UserObject<uint32_t>(caller, va).read()) != arguments.a2) {
        return 0;
    }
    if (env != 0 && Environment::by_id(env) == nullptr) {
        return Error::peer_died;
    }
    if (sharer != 0 && TRY(references(caller, va)) <= TRY(references(caller, sharer))) {
        return Error::peer_died;
    }
    caller.word = physical_word(caller, va);
    return caller.wait_on(word_queue(caller.word), arguments.a5);
}

// word_wake(va, count)
SyscallResult sys_word_wake(Environment& caller, const SyscallArguments& arguments)
{
    const uintptr_t va = arguments.a1;
    if (va % sizeof(uint32_t) != 0) {
        return Error::invalid_argument;
    }
    TRY(UserBytes(caller, va, sizeof(uint32_t)).check_readable());
    return static_cast<int32_t>(wake_word_waiters(physical_word(caller, va), arguments.a2));
}
