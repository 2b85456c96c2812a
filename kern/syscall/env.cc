// System calls that create, steer and end environments.
#include <algorithm>
#include <array>
#include <string_view>

#include "inc/stdio.hh"
#include "kern/env/environment.hh"
#include "kern/env/foreground.hh"
#include "kern/env/scheduler.hh"
#include "kern/memory/user_memory.hh"
#include "kern/syscall/syscalls.hh"

namespace {

constexpr int destroyed_by_another = 137;

// Whether the kernel may change the registers or status of `environment`: not while it sleeps in
// a system call, whose result is still to come.
bool is_between_calls(const Environment& environment)
{
    return environment.wait_kind == WaitKind::nothing;
}

void end_gracefully(Environment& caller, int status)
{
    if (!caller.quiet) {
        cprintf("[%08x] exiting gracefully\n", static_cast<unsigned>(caller.id()));
    }
    caller.end(status);
}

}   // namespace

SyscallResult sys_getenvid(Environment& caller, const SyscallArguments&) { return caller.id(); }

// env_set_quiet(env, quiet): whether the console tells of its start and end, and of those that it
// creates.
SyscallResult sys_env_set_quiet(Environment& caller, const SyscallArguments& arguments)
{
    TRY(Environment::find(caller, static_cast<envid_t>(arguments.a1), true))->quiet =
        arguments.a2 != 0;
    return 0;
}

// env_destroy(env)
SyscallResult sys_env_destroy(Environment& caller, const SyscallArguments& arguments)
{
    Environment* const victim =
        TRY(Environment::find(caller, static_cast<envid_t>(arguments.a1), true));
    if (victim == &caller) {
        end_gracefully(caller, 0);
    } else {
        victim->announce("destroying");
        victim->end(destroyed_by_another);
    }
    return 0;
}

// exit(status)
SyscallResult sys_exit(Environment& caller, const SyscallArguments& arguments)
{
    end_gracefully(caller, static_cast<int>(arguments.a1 & 0xFF));
    return 0;
}

// env_wait(env, timeout_ms)
SyscallResult sys_env_wait(Environment& caller, const SyscallArguments& arguments)
{
    const auto id = static_cast<envid_t>(arguments.a1);
    if (id <= 0 || id == caller.id()) {
        return Error::bad_env;
    }
    Environment& waited_for = Environment::all()[static_cast<size_t>(env_index(id))];
    if (waited_for.id() == id && waited_for.status() != EnvStatus::free) {
        return caller.wait_on(waited_for.exit_queue(), arguments.a2);
    }
    return TRY(waited_for.exit_status_of(id));
}

// exofork(): a child with the caller's registers, except that the call returns 0 there.
SyscallResult sys_exofork(Environment& caller, const SyscallArguments&)
{
    const EnvType type = caller.type() == EnvType::ns ? EnvType::ns : EnvType::user;
    Environment* const child = TRY(Environment::create(caller.id(), type, caller.allowance()));
    const uint32_t eflags = child->frame.tf_eflags;
    child->frame = caller.frame;
    child->frame.tf_eflags = (caller.frame.tf_eflags & ~FL_IOPL_3) | (eflags & FL_IOPL_3);
    child->frame.tf_regs.reg_eax = 0;
    child->set_name(caller.name());
    child->group = caller.group;
    return child->id();
}

// env_set_status(env, status): runnable or not_runnable.
SyscallResult sys_env_set_status(Environment& caller, const SyscallArguments& arguments)
{
    Environment* const target =
        TRY(Environment::find(caller, static_cast<envid_t>(arguments.a1), true));
    const auto status = static_cast<EnvStatus>(arguments.a2);
    if ((status != EnvStatus::runnable && status != EnvStatus::not_runnable)
        || !is_between_calls(*target)) {
        return Error::invalid_argument;
    }
    if (status == EnvStatus::runnable && target->status() == EnvStatus::not_runnable) {
        target->make_runnable();
    }
    if (status == EnvStatus::not_runnable) {
        target->stop_elsewhere();
        scheduler.remove(*target);
        target->info().env_status = EnvStatus::not_runnable;
        if (target == &caller) {        // stopped in this call: its result is set now
            caller.frame.tf_regs.reg_eax = 0;
            return blocked;
        }
    }
    return 0;
}

// env_set_trapframe(env, frame): segments, interrupt flag and I/O privilege stay the kernel's.
SyscallResult sys_env_set_trapframe(Environment& caller, const SyscallArguments& arguments)
{
    Environment* const target =
        TRY(Environment::find(caller, static_cast<envid_t>(arguments.a1), true));
    const bool runs = target != &caller && target->status() == EnvStatus::running;
    if (!is_between_calls(*target) || runs) {
        return Error::invalid_argument;
    }
    const Trapframe wanted = TRY(UserObject<Trapframe>(caller, arguments.a2).read());
    constexpr uint32_t kernels_flags = FL_IF | FL_IOPL_3 | FL_NT | FL_TF;
    const uint32_t eflags = target->frame.tf_eflags;
    target->progress = 0;
    target->frame.tf_regs = wanted.tf_regs;
    target->frame.tf_eip = wanted.tf_eip;
    target->frame.tf_esp = wanted.tf_esp;
    target->frame.tf_eflags = (wanted.tf_eflags & ~kernels_flags & 0xFFFF) | (eflags & kernels_flags);
    return target == &caller ? SyscallResult(completed) : SyscallResult(0);
}

// env_set_pgfault_upcall(env, function)
SyscallResult sys_env_set_pgfault_upcall(Environment& caller, const SyscallArguments& arguments)
{
    Environment* const target =
        TRY(Environment::find(caller, static_cast<envid_t>(arguments.a1), true));
    target->pgfault_upcall = arguments.a2;
    return 0;
}

// env_set_name(env, name): a text that ends with a zero; cut to 15 bytes.
SyscallResult sys_env_set_name(Environment& caller, const SyscallArguments& arguments)
{
    Environment* const target =
        TRY(Environment::find(caller, static_cast<envid_t>(arguments.a1), true));
    std::array<char, sizeof(Env::env_name)> name{};
    for (size_t i = 0; i + 1 < name.size(); ++i) {
        name[i] = TRY(UserObject<char>(caller, arguments.a2 + i).read());
        if (name[i] == '\0') {
            break;
        }
    }
    target->set_name(name.data());
    return 0;
}

SyscallResult sys_yield(Environment&, const SyscallArguments&)
{
    scheduler.preempt();
    return 0;
}

// env_set_group(env, leader)
SyscallResult sys_env_set_group(Environment& caller, const SyscallArguments& arguments)
{
    Environment* const target =
        TRY(Environment::find(caller, static_cast<envid_t>(arguments.a1), true));
    const auto leader = static_cast<envid_t>(arguments.a2);
    if (target == &caller || !may_lead(caller, leader)) {
        return Error::invalid_argument;
    }
    if (caller.allowance().is_first_programs()) {   // or anybody could get new allowances
        target->join(*TRY(Allowance::of_group(leader)));
    }
    target->group = leader;
    return 0;
}

// env_end_group(leader): ends its members, as env_destroy does. A group is its leader's parent's.
SyscallResult sys_env_end_group(Environment& caller, const SyscallArguments& arguments)
{
    const auto leader = static_cast<envid_t>(arguments.a1);
    if (!may_lead(caller, leader)) {
        return Error::bad_env;
    }
    end_group(leader, destroyed_by_another);
    return 0;
}
