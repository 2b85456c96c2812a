// Hardware interrupt lines: who handles them, and whether the interrupt controller lets them in.
#pragma once
#include "inc/error.hh"
#include "inc/result.hh"

// Called with interrupts off, in the context of whatever was interrupted; must not block.
using IrqHandler = void (*)(void* context);

inline constexpr unsigned irq_lines = 16;

// Has `handler(context)` called for each interrupt on `line` and unmasks the line. PCI lines are
// shared: up to four handlers a line, each of which must tolerate an interrupt that is not its.
// invalid_argument: no such line; try_again: the line's handlers are all taken.
Result<void> irq_install(unsigned line, IrqHandler handler, void* context);

// Runs the handlers of `line`; called by the trap dispatcher.
void irq_dispatch(unsigned line);
