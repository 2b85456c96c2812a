#include "kern/cpu/pic.hh"

#include <cstdint>

#include "inc/ports.hh"
#include "inc/trap.hh"

namespace pic {
namespace {

struct Controller {
    uint16_t command, data;
};
constexpr Controller master{0x20, 0x21}, slave{0xA0, 0xA1};
constexpr unsigned cascade_line = 2, lines_each = 8;

constexpr uint8_t icw1_initialise = 0x11, icw4_8086 = 0x01, ocw2_end_of_interrupt = 0x20,
    ocw3_read_in_service = 0x0B;

constinit uint16_t masked = 0xFFFF & ~(1u << cascade_line);

void start(const Controller& controller, uint8_t first_trap, uint8_t cascade)
{
    port_out8(controller.command, icw1_initialise);
    port_out8(controller.data, first_trap);
    port_out8(controller.data, cascade);
    port_out8(controller.data, icw4_8086);
}

void write_masks()
{
    port_out8(master.data, static_cast<uint8_t>(masked));
    port_out8(slave.data, static_cast<uint8_t>(masked >> lines_each));
}

}   // namespace

void init()
{
    start(master, IRQ_OFFSET, 1u << cascade_line);
    start(slave, IRQ_OFFSET + lines_each, cascade_line);
    write_masks();
}

void unmask(unsigned line)
{
    masked = static_cast<uint16_t>(masked & ~(1u << line));
    write_masks();
}

void end_of_interrupt(unsigned line)
{
    if (line >= lines_each) {
        port_out8(slave.command, ocw2_end_of_interrupt);
    }
    port_out8(master.command, ocw2_end_of_interrupt);
}

bool is_real(unsigned line)
{
    if (line % lines_each != IRQ_SPURIOUS) {
        return true;
    }
    const Controller& controller = line >= lines_each ? slave : master;
    port_out8(controller.command, ocw3_read_in_service);
    const bool real = (port_in8(controller.command) & 0x80) != 0;
    if (!real && line >= lines_each) {
        port_out8(master.command, ocw2_end_of_interrupt);    // the cascade itself was real
    }
    return real;
}

}   // namespace pic
