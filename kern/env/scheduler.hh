// Who runs: preemptive round robin over the runnable environments; a CPU without one halts.
#pragma once
#include "kern/env/environment.hh"

class Scheduler {
public:
    void add(Environment& environment);         // at the end of the queue
    void remove(Environment& environment);

    // Runs the next environment; never returns. With none, halts until an interrupt makes one
    // runnable, or enters the monitor when none can.
    [[noreturn]] void run_next();
    // Goes on with the current environment.
    [[noreturn]] void resume(Environment& environment);
    // Has run_next() choose `environment` ahead of the queue if it is runnable by then.
    void prefer(Environment& environment);

    // The current environment goes to the end of the queue.
    void preempt();
    bool somebody_waits() const { return !runnable_.empty(); }

private:
    [[noreturn]] void run(Environment& environment);
    void idle();
    void account(Environment* next);

    WaitQueue runnable_{};
    Environment* preferred_ = nullptr;
    uint64_t last_switch_ = 0;                  // time stamp counter
};

extern Scheduler scheduler;
