// What each CPU has of its own.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <span>

#include "kern/cpu/segments.hh"
#include "kern/debug/kernel_stack.hh"

class Environment;

inline constexpr unsigned max_cpus = 8;
inline constexpr uint64_t no_deadline = UINT64_MAX;

struct Cpu {
    uint8_t id = 0;                         // 0: the boot CPU
    uint8_t apic_id = 0;
    std::atomic<bool> started = false;
    Environment* current = nullptr;         // the environment it runs
    Environment* preferred = nullptr;       // the one to run next (Scheduler::prefer)
    uint64_t switched_at = 0;               // time stamp counter at the last switch
    bool is_halted = false;                 // and nobody has woken it yet
    uint64_t timer_due_us = no_deadline;    // when its timer interrupts it (kern/env/tick.hh)
    uint64_t timer_put_off_us = 0;          // when that was last made later
    bool is_ticking = false;                // it is due within a time slice

    // Set before it goes to user mode, holding the kernel lock; cleared as soon as it is back and
    // has saved its environment's registers, before it takes the lock.
    std::atomic<bool> in_user = false;

    std::atomic<uint32_t> directory = 0;    // the page directory it has loaded
    std::atomic<bool> must_leave_space = false; // another CPU wants to free that one
    bool has_stale_pages = false;           // and must load again before it uses it in user mode
    TaskState task_state{};

    bool is_awake() const { return started && !is_halted; }
};

extern std::array<Cpu, max_cpus> cpus;
extern unsigned cpu_count;                  // CPUs that are used

inline Cpu& this_cpu() { return cpus[current_cpu_number()]; }
inline std::span<Cpu> all_cpus() { return std::span(cpus).first(cpu_count); }
