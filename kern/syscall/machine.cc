// The system call that switches the machine off, or starts it again.
#include "inc/ports.hh"
#include "inc/stdio.hh"
#include "kern/dev/clock.hh"
#include "kern/env/environment.hh"
#include "kern/syscall/syscalls.hh"

namespace {

// The power management function of the PIIX4 (Intel 82371AB data sheet, 7.2.3): its control
// register is at 0x604 where QEMU's firmware puts it. Sleep type 0 and "sleep enable": off.
constexpr uint16_t power_control_port = 0x604, power_off = 0x2000;

// The keyboard controller's command that pulses the processor's reset line.
constexpr uint16_t keyboard_command_port = 0x64;
constexpr uint8_t pulse_reset = 0xFE;

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
        port_out16(power_control_port, power_off);
        break;
    case MachineCommand::reboot:
        cprintf("The machine starts again.\n");
        port_out8(keyboard_command_port, pulse_reset);
        break;
    default:
        return Error::invalid_argument;
    }
    delay_us(limit_us);                 // the hardware takes its time
    return Error::not_supported;
}
