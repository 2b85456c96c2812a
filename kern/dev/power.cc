#include "kern/dev/power.hh"

#include <cstdint>

#include "inc/ports.hh"

namespace {

// The power management function of the PIIX4 (Intel 82371AB data sheet, 7.2.3): its control
// register is at 0x604 where QEMU's firmware puts it. Sleep type 0 and "sleep enable": off.
constexpr uint16_t power_control_port = 0x604, sleep_enable = 0x2000;

// The keyboard controller's command that pulses the processor's reset line.
constexpr uint16_t keyboard_command_port = 0x64;
constexpr uint8_t pulse_reset = 0xFE;

}   // namespace

void power_off() { port_out16(power_control_port, sleep_enable); }
void power_reset() { port_out8(keyboard_command_port, pulse_reset); }
