#include "kern/env/scheduler.hh"

#include <algorithm>
#include <utility>

#include "inc/stdio.hh"
#include "kern/cpu/apic.hh"
#include "kern/cpu/kernel_lock.hh"
#include "kern/cpu/smp.hh"
#include "kern/cpu/trap.hh"
#include "kern/cpu/x86.hh"
#include "kern/debug/counters.hh"
#include "kern/debug/monitor.hh"
#include "kern/debug/panic.hh"
#include "kern/dev/clock.hh"
#include "kern/env/frame_watch.hh"
#include "kern/env/tick.hh"

constinit Scheduler scheduler{};
constinit SpinLock kernel_lock{};

namespace {

// Messages go back and forth between environments in much less.
constexpr uint64_t long_us = uint64_t{tick_ms} * 1000 / 2;

}   // namespace

void Scheduler::add(Environment& environment)
{
    ASSERT(environment.status() == EnvStatus::runnable);
    runnable_.append(environment);
}

void Scheduler::remove(Environment& environment)
{
    for (Cpu& cpu : all_cpus()) {
        if (cpu.preferred == &environment) {
            cpu.preferred = nullptr;
        }
    }
    if (environment.queue_ == &runnable_) {
        runnable_.remove(environment);
    }
}

void Scheduler::prefer(Environment& environment) { this_cpu().preferred = &environment; }

void Scheduler::preempt() { put_back(false); }

// The current environment goes to the end of the queue; whether it was computing until then.
void Scheduler::put_back(bool was_computing)
{
    Environment* const current = this_cpu().current;
    if (current != nullptr && is_mine(*current)) {
        current->computes_ = was_computing;
        current->info().env_status = EnvStatus::runnable;
        add(*current);
    }
}

void Scheduler::end_of_slice()
{
    if (!runnable_.empty()) {
        const bool was_computing = computes(this_cpu());
        if (was_computing) {
            smp_wake_another_cpu();
        }
        put_back(was_computing);
    }
}

void Scheduler::share()
{
    if (!runnable_.empty() && cpu_count > 1 && computes(this_cpu()) && smp_wake_another_cpu()) {
        put_back(true);
    }
}

Cpu* Scheduler::runs_elsewhere(Environment& environment) const
{
    for (Cpu& cpu : all_cpus()) {
        if (&cpu != &this_cpu() && cpu.current == &environment) {
            return &cpu;
        }
    }
    return nullptr;
}

// The CPU's time since the last switch belongs to the environment that had it.
void Scheduler::account(Environment* next)
{
    Cpu& cpu = this_cpu();
    const uint64_t now = x86::rdtsc();
    if (Environment* const previous = cpu.current; previous != nullptr) {
        previous->cpu_cycles_ += now - cpu.switched_at;
        const uint64_t used_us = cycles_to_us(previous->cpu_cycles_);
        previous->info().env_cpu_us_low = static_cast<uint32_t>(used_us);
        previous->info().env_cpu_us_high = static_cast<uint32_t>(used_us >> 32);
    }
    cpu.switched_at = now;
    cpu.current = next;
}

void Scheduler::run_next()
{
    Cpu& cpu = this_cpu();
    Environment* const left = cpu.current;
    account(nullptr);
    if (left != nullptr && left->status() == EnvStatus::dying) {
        left->finish();
    }
    Environment* next = std::exchange(cpu.preferred, nullptr);
    if (next == nullptr || next->queue_ != &runnable_) {
        if (runnable_.empty()) {
            idle();
        }
        next = runnable_.first();
    }
    runnable_.remove(*next);
    run(*next);
}

void Scheduler::run(Environment& environment)
{
    count(Counter::environments);
    account(&environment);
    environment.info().env_status = EnvStatus::running;
    ++environment.info().env_runs;
    environment.info().env_cpunum = this_cpu().id;
    resume(environment);
}

void Scheduler::resume(Environment& environment)
{
    tick_while_busy(environment);
    environment.space.load();
    if (environment.trace.is_on) [[unlikely]] {
        trace_end(environment);
    }
    this_cpu().in_user.store(true, std::memory_order_relaxed);
    kernel_lock.release();
    trap_return(&environment.frame);
}

// Halts until an interrupt has made an environment runnable, or another CPU has one to spare.
void Scheduler::idle()
{
    Cpu& cpu = this_cpu();
    frame_watch.idle_begins();
    while (runnable_.empty()) {
        if (no_other_looks_for_frames()) {
            if (frame_watch.expects_frames()) {
                poll_for_frames();
                continue;
            }
            frame_watch.before_halt();
            if (!runnable_.empty()) {
                break;
            }
        }
        if (nothing_can_happen()) {
            stop_for_good();
        }
        tick_before_halt();
        count(Counter::halts);
        cpu.is_halted = true;
        kernel_lock.release();
        x86::wait_for_interrupt();
        smp_lock_from_idle();
        cpu.is_halted = false;
    }
}

// Nobody will ever run again. The boot CPU tells, and opens the monitor; another wakes it for that.
void Scheduler::stop_for_good()
{
    if (this_cpu().id != 0) {
        apic::wake(cpus[0].apic_id);
        return;
    }
    load_kernel_space();
    if (Environment::count() == 0) {
        cprintf("Destroyed the only environment - nothing more to do!\n");
    }
    cprintf("No runnable environments in the system!\n");
    for (;;) {
        monitor(nullptr);
    }
}

// Looks for frames until there are some, or something to run, or none came for long.
void Scheduler::poll_for_frames()
{
    frame_watch.polling_begins();
    kernel_lock.release();
    x86::enable_interrupts();
    while (!has_work() && frame_watch.keep_polling()) {
        smp_leave_space_if_asked();
    }
    x86::disable_interrupts();
    smp_lock_from_idle();
    frame_watch.polling_ended();
}

// Whether what `cpu` runs has had a CPU for so long, without a wait, that it will want it for longer.
bool Scheduler::computes(const Cpu& cpu) const
{
    return cpu.current != nullptr
        && (cpu.current->computes_ || cycles_to_us(x86::rdtsc() - cpu.switched_at) >= long_us);
}

// Whether all other CPUs are halted or compute: none of them has short work to do, and will look
// for frames when that is done.
bool Scheduler::no_other_looks_for_frames() const
{
    return std::ranges::all_of(all_cpus(), [this](const Cpu& cpu) {
        return &cpu == &this_cpu() || !cpu.is_awake() || computes(cpu);
    });
}

// Whether nobody runs, and nobody waits for time or a device: then no interrupt can change that.
bool Scheduler::nothing_can_happen() const
{
    const auto everybody = Environment::all();
    return std::ranges::all_of(all_cpus(), [](const Cpu& cpu) { return cpu.current == nullptr; })
        && std::ranges::none_of(everybody,
                                [](const Environment& each) { return each.may_be_woken(); });
}
