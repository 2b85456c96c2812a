#include "kern/env/scheduler.hh"

#include <algorithm>

#include "inc/stdio.hh"
#include "kern/cpu/cpu.hh"
#include "kern/cpu/trap.hh"
#include "kern/cpu/x86.hh"
#include "kern/debug/monitor.hh"
#include "kern/debug/panic.hh"
#include "kern/dev/clock.hh"

constinit Scheduler scheduler{};

void Scheduler::add(Environment& environment)
{
    ASSERT(environment.status() == EnvStatus::runnable);
    runnable_.append(environment);
}

void Scheduler::remove(Environment& environment)
{
    if (preferred_ == &environment) {
        preferred_ = nullptr;
    }
    if (environment.queue_ == &runnable_) {
        runnable_.remove(environment);
    }
}

void Scheduler::prefer(Environment& environment) { preferred_ = &environment; }

void Scheduler::preempt()
{
    Environment* const current = this_cpu().current;
    if (current != nullptr && current->status() == EnvStatus::running) {
        current->info().env_status = EnvStatus::runnable;
        add(*current);
    }
}

// The CPU's time since the last switch belongs to the environment that had it.
void Scheduler::account(Environment* next)
{
    const uint64_t now = x86::rdtsc();
    if (Environment* const previous = this_cpu().current; previous != nullptr) {
        previous->cpu_cycles_ += now - last_switch_;
        const uint64_t used_us = cycles_to_us(previous->cpu_cycles_);
        previous->info().env_cpu_us_low = static_cast<uint32_t>(used_us);
        previous->info().env_cpu_us_high = static_cast<uint32_t>(used_us >> 32);
    }
    last_switch_ = now;
    this_cpu().current = next;
}

void Scheduler::run_next()
{
    Environment* next = preferred_;
    preferred_ = nullptr;
    if (next == nullptr || next->queue_ != &runnable_) {
        if (runnable_.empty()) {
            account(nullptr);
            idle();
        }
        next = runnable_.first();
    }
    runnable_.remove(*next);
    run(*next);
}

void Scheduler::run(Environment& environment)
{
    account(&environment);
    environment.info().env_status = EnvStatus::running;
    ++environment.info().env_runs;
    environment.info().env_cpunum = this_cpu().id;
    resume(environment);
}

void Scheduler::resume(Environment& environment)
{
    environment.space.load();
    trap_return(&environment.frame);
}

// Halts until an interrupt handler has made an environment runnable. Where no interrupt can,
// because nobody waits for time or a device, the monitor is all that is left.
void Scheduler::idle()
{
    while (runnable_.empty()) {
        const auto everybody = Environment::all();
        if (std::none_of(everybody.begin(), everybody.end(),
                         [](const Environment& each) { return each.may_be_woken(); })) {
            load_kernel_space();
            cprintf("No runnable environments in the system!\n");
            for (;;) {
                monitor(nullptr);
            }
        }
        x86::wait_for_interrupt();
    }
}
