// Between the core server's loop and its platform.
#pragma once
#include "inc/env.hh"
#include "inc/syscall.hh"

namespace platform {

struct Answer {
    envid_t client = 0;
    uint32_t value = 0;
    PageRun pages{};
};

// The answer that has not been delivered yet, if there is one; the caller delivers it.
Answer take_held_answer();

} // namespace platform
