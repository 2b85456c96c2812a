// Segments and the task state: flat, and there only because the x86 asks for them. Intel SDM
// volume 3, 3.4.5 and 8.2.1.
#pragma once
#include <cstdint>

struct TaskState {
    uint32_t link = 0;                  // selector of the task that this one interrupted
    uint32_t esp0 = 0;                  // the stack that a trap from user mode switches to
    uint32_t ss0 = 0;
    uint32_t unused[4] = {};
    // From here on what a task switch loads and saves; only a double fault makes one.
    uint32_t cr3 = 0, eip = 0, eflags = 0;
    uint32_t eax = 0, ecx = 0, edx = 0, ebx = 0, esp = 0, ebp = 0, esi = 0, edi = 0;
    uint32_t es = 0, cs = 0, ss = 0, ds = 0, fs = 0, gs = 0, ldt = 0;
    uint16_t trap = 0;
    uint16_t io_map_base = sizeof(TaskState);   // behind the limit: no I/O port is allowed
};
static_assert(sizeof(TaskState) == 104);

void segments_init();                   // for this CPU

// Makes `selector`, a TSS's place in this CPU's table of segments, stand for `state`.
void install_task(uint16_t selector, const TaskState& state);
