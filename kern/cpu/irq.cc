#include "kern/cpu/irq.hh"

#include <array>

#include "inc/trap.hh"
#include "kern/cpu/pic.hh"
#include "kern/debug/panic.hh"

namespace {

struct Handler {
    IrqHandler run = nullptr;
    void* context = nullptr;
};
constinit std::array<std::array<Handler, 4>, irq_lines> handlers{};

}   // namespace

Result<void> irq_install(unsigned line, IrqHandler handler, void* context)
{
    if (line >= irq_lines) {
        return Error::invalid_argument;
    }
    for (Handler& slot : handlers[line]) {
        if (slot.run == nullptr) {
            slot = {handler, context};
            pic::unmask(line);
            return {};
        }
    }
    return Error::try_again;
}

void irq_dispatch(unsigned line)
{
    ASSERT(line < irq_lines);
    if (!pic::is_real(line)) {
        return;
    }
    for (const Handler& handler : handlers[line]) {
        if (handler.run != nullptr) {
            handler.run(handler.context);
        }
    }
    // The controller is told last: told first, it would hand on a level-triggered line again that
    // the handlers are about to lower. An edge meanwhile it remembers.
    pic::end_of_interrupt(line);
}
