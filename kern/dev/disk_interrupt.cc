#include "kern/dev/disk_interrupt.hh"

#include <utility>

#include "inc/stdio.hh"
#include "inc/trap.hh"
#include "kern/cpu/irq.hh"
#include "kern/env/wait_queue.hh"

namespace {

constinit bool pending = false;
constinit WaitQueue waiting{};

void interrupt(void*)
{
    pending = true;
    waiting.wake_all();
}

}   // namespace

void disk_interrupt_init()
{
    if (const auto installed = irq_install(IRQ_IDE, interrupt, nullptr); !installed) {
        cprintf("disk: interrupt line %u: %s\n", static_cast<unsigned>(IRQ_IDE),
                error_text(to_abi(installed.error())));
    }
}

bool disk_interrupt_take() { return std::exchange(pending, false); }
WaitQueue& disk_interrupt_queue() { return waiting; }
