// Segments and the task state: flat, and there only because the x86 asks for them. Intel SDM
// volume 3, 3.4.5 and 8.2.1.
#pragma once
#include <cstdint>

struct TaskState {
    uint32_t link = 0;
    uint32_t esp0 = 0;                  // the stack that a trap from user mode switches to
    uint32_t ss0 = 0;
    uint32_t unused[22] = {};
    uint16_t trap = 0;
    uint16_t io_map_base = sizeof(TaskState);   // behind the limit: no I/O port is allowed
};
static_assert(sizeof(TaskState) == 104);

void segments_init();                   // for the boot CPU
