// Who runs: preemptive round robin over the runnable environments; a CPU without one halts.
#pragma once
#include "kern/cpu/cpu.hh"
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
    // Has this CPU's run_next() choose `environment` ahead of the queue if it is runnable by then.
    void prefer(Environment& environment);

    // The current environment goes to the end of the queue; at the end of its time slice, if
    // somebody waits there; after a device's interrupt, if moreover it computes and a CPU that is
    // halted can go on with it.
    void preempt();
    void end_of_slice();
    void share();

    // Whether somebody waits to be run; without the kernel lock, true or false a moment ago.
    bool has_work() const { return !runnable_.empty(); }

    // Whether this CPU runs `environment` still: another CPU may stop or end it meanwhile.
    bool is_mine(Environment& environment) const
    {
        return this_cpu().current == &environment && environment.status() == EnvStatus::running
            && environment.info().env_cpunum == this_cpu().id;
    }
    // The CPU that runs `environment`, if it is another one; else null.
    Cpu* runs_elsewhere(Environment& environment) const;

private:
    [[noreturn]] void run(Environment& environment);
    void put_back(bool was_computing);
    bool computes(const Cpu& cpu) const;
    bool no_other_looks_for_frames() const;
    void idle();
    void poll_for_frames();
    bool nothing_can_happen() const;
    void stop_for_good();
    void account(Environment* next);

    WaitQueue runnable_{};
};

extern Scheduler scheduler;
