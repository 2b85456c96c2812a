// The system call that switches the machine off, or starts it again.
#include "inc/stdio.hh"
#include "kern/dev/clock.hh"
#include "kern/dev/power.hh"
#include "kern/env/environment.hh"
#include "kern/syscall/syscalls.hh"

namespace {

constexpr uint32_t limit_us = 1'000'000;

// Whether the environment comes from the first program, through parents that are all alive.
bool comes_from_first_program(Environment& environment)
{
    if (environment.type() != EnvType::user) {
        return false;
    }
    Environment* ancestor = &environment;
    while (ancestor != nullptr && ancestor->info().env_parent_id != 0) {
        ancestor = Environment::by_id(ancestor->info().env_parent_id);
    }
    return ancestor != nullptr;
}

}   // namespace

// machine(command): not_supported where the hardware does not do it.
SyscallResult sys_machine(Environment& caller, const SyscallArguments& arguments)
{
    if (!comes_from_first_program(caller)) {
        return Error::not_permitted;
    }
    switch (static_cast<MachineCommand>(arguments.a1)) {
    case MachineCommand::halt:
        cprintf("The machine halts.\n");
        power_off();
        break;
    case MachineCommand::reboot:
        cprintf("The machine starts again.\n");
        power_reset();
        break;
    default:
        return Error::invalid_argument;
    }
    delay_us(limit_us);                 // the hardware takes its time
    return Error::not_supported;
}
