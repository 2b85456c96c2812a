#include "kern/env/tick.hh"

#include <algorithm>

#include "kern/cpu/apic.hh"
#include "kern/cpu/cpu.hh"
#include "kern/dev/clock.hh"
#include "kern/env/frame_watch.hh"
#include "kern/env/scheduler.hh"

namespace {

constexpr uint64_t tick_us = uint64_t{tick_ms} * 1000;

void interrupt_at(uint64_t time, uint64_t now)
{
    this_cpu().timer_due_us = time;
    if (time == no_deadline) {
        apic::stop_timer();
    } else {
        apic::set_timer(time > now ? time - now : 0);
    }
}

bool another_is_awake()
{
    return std::ranges::any_of(all_cpus(), [](const Cpu& cpu) {
        return &cpu != &this_cpu() && cpu.is_awake();
    });
}

// What a halted CPU has to wake for: the earliest deadline, unless another CPU is busy and ticks, or
// its timer is due by then.
uint64_t deadline_of_this_cpu()
{
    const uint64_t deadline = Environment::earliest_deadline();
    const bool another_wakes = std::ranges::any_of(all_cpus(), [&](const Cpu& cpu) {
        return &cpu != &this_cpu() && (cpu.is_ticking || cpu.timer_due_us <= deadline);
    });
    return another_wakes ? no_deadline : deadline;
}

// Whether a tick could change anything while this CPU runs `running`. While another CPU is awake,
// always: that may leave a deadline to this CPU's timer, and environments to it, at any time.
bool is_of_use(const Environment& running)
{
    return scheduler.has_work() || another_is_awake()
        || Environment::earliest_deadline() < this_cpu().timer_due_us
        || frame_watch.wants_tick(running);
}

}   // namespace

void tick()
{
    Cpu& cpu = this_cpu();
    cpu.timer_due_us = no_deadline;
    const uint64_t now = time_us();
    Environment::expire_waits(now);
    frame_watch.look();
    scheduler.end_of_slice();
    cpu.is_ticking = cpu.current != nullptr;
    if (cpu.is_ticking) {
        interrupt_at(now + tick_us, now);
    }
}

void tick_while_busy(const Environment& running)
{
    Cpu& cpu = this_cpu();
    if (cpu.is_ticking || !is_of_use(running)) {
        return;
    }
    cpu.is_ticking = true;
    const uint64_t now = time_us();
    if (now + tick_us < cpu.timer_due_us) {
        interrupt_at(now + tick_us, now);
    }
}

void tick_before_halt()
{
    Cpu& cpu = this_cpu();
    cpu.is_ticking = false;
    const uint64_t now = time_us();
    const uint64_t wanted = deadline_of_this_cpu();
    if (wanted < cpu.timer_due_us) {
        interrupt_at(wanted, now);
    } else if (wanted > cpu.timer_due_us && now - cpu.timer_put_off_us >= tick_us) {
        cpu.timer_put_off_us = now;
        interrupt_at(wanted, now);
    }
}
