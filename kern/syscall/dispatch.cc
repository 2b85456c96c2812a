#include "kern/syscall/dispatch.hh"

#include <array>

#include "inc/mmu.h"
#include "inc/stdio.hh"
#include "kern/cpu/cpu.hh"
#include "kern/cpu/page_fault.hh"
#include "kern/env/environment.hh"
#include "kern/syscall/syscalls.hh"

namespace {

using Handler = SyscallResult (*)(Environment&, const SyscallArguments&);

constexpr std::array handlers{
#define X(number, name, arguments) Handler{sys_##name},
    JOS_SYSCALLS(X)
#undef X
};

// The table above is indexed by number: the list has no gaps.
constexpr bool numbers_are_consecutive()
{
    uint32_t next = 0;
    bool right = true;
#define X(number, name, arguments) right = right && number == next++;
    JOS_SYSCALLS(X)
#undef X
    return right;
}
static_assert(numbers_are_consecutive());

static_assert(handlers.size() <= SYSTEM_CALL_ALIGN);

// Lets the program's page-fault upcall make a copy-on-write page its own; then the call runs again.
bool retry_after_copy(Environment& caller)
{
    const uintptr_t va = caller.cow_fault_va;
    if (va == 0 || caller.pgfault_upcall == 0) {
        return false;
    }
    caller.frame.tf_eip -= SYSTEM_CALL_BYTES;
    return page_fault_upcall(caller, static_cast<uint32_t>(va), FEC_U | FEC_WR | FEC_PR);
}

}   // namespace

void dispatch_syscall(Environment& caller)
{
    PushRegs& registers = caller.frame.tf_regs;
    const uint32_t number = registers.reg_eax;
    if (number >= handlers.size()) {
        registers.reg_eax = static_cast<uint32_t>(to_abi(Error::invalid_argument));
        return;
    }
    const SyscallArguments arguments{registers.reg_edx, registers.reg_ecx, registers.reg_ebx,
                                     registers.reg_edi, registers.reg_esi};
    caller.cow_fault_va = 0;            // a queued message may have left one
    if (caller.trace.is_on) [[unlikely]] {
        trace_begin(caller);
    }
    const SyscallResult result = handlers[number](caller, arguments);
    if (this_cpu().current != &caller || (!result && result.error() == blocked)) {
        if (caller.trace.is_on) [[unlikely]] {
            trace_leave(caller);
        }
        return;
    }
    caller.system_call_done();
    if (result) {
        registers.reg_eax = static_cast<uint32_t>(*result);
    } else if (result.error() != completed && !retry_after_copy(caller)) {
        registers.reg_eax = static_cast<uint32_t>(to_abi(result.error()));
    }
}

void refuse_access(Environment& environment, uintptr_t va)
{
    cprintf("[%08x] user_mem_check assertion failure for va %08x\n",
            static_cast<unsigned>(environment.id()), static_cast<unsigned>(va));
    environment.end(128 + static_cast<int>(T_PGFLT));
}
