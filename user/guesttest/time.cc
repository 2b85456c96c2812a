// The clock and waiting.
#include "user/guesttest/test.hh"

namespace {

void clock_goes_forward()
{
    uint64_t last = sys_time_usec();
    for (int i = 0; i < 10'000; i++) {
        const uint64_t now = sys_time_usec();
        check(now >= last, "time_usec went backwards");
        last = now;
    }
    const uint32_t milliseconds = sys_time_msec();
    const auto same = static_cast<uint32_t>(sys_time_usec() / 1000);
    check(same - milliseconds <= 20, "time_msec and time_usec differ");
}

void programs_read_the_kernels_clock()
{
    for (int i = 0; i < 10'000; i++) {
        const uint64_t before = sys_time_usec();
        const uint64_t now = time_us();
        const uint64_t after = sys_time_usec();
        check(before <= now && now <= after, "time_us is not the system call's time");
    }
    const uint32_t before = sys_time_msec();
    const uint32_t now = time_ms();
    check(before <= now && now <= sys_time_msec(), "time_ms is not the system call's time");
}

// A busy host may let the guest wake up late, but never early.
void sleep_lasts()
{
    for (const uint32_t ms : {1u, 10u, 35u, 200u}) {
        const uint64_t start = sys_time_usec();
        check_result(sys_sleep(ms), "sleep");
        const uint64_t took = sys_time_usec() - start;
        check(took >= ms * 1000, "sleep ended early");
        check(took < ms * 1000 + 500'000, "sleep ended half a second late");
    }
    check_result(sys_sleep(0), "sleep of nothing");
}

void sleepers_wake_in_order()
{
    check_result(sys_page_alloc(0, scratch_page(), page_rights | PTE_SHARE), "page_alloc");
    auto* order = scratch_page<volatile int>();     // a count, then the sleepers as they wake
    envid_t children[4];
    for (int i = 0; i < 4; i++) {
        children[i] = start_child([order, i] {
            check_result(sys_sleep(static_cast<uint32_t>(400 - 100 * i)), "sleep");
            order[1 + order[0]] = i;
            order[0] = order[0] + 1;
        });
    }
    for (const envid_t child : children) {
        check_equal(wait_for(child), 0, "status of a sleeper");
    }
    for (int i = 0; i < 4; i++) {
        check_equal(order[1 + i], 3 - i, "who woke next");
    }
}

void sleepers_cost_nothing()
{
    const auto cpu_us = [] { return thisenv->env_cpu_us_low; };
    const uint32_t start = cpu_us();
    check_result(sys_sleep(500), "sleep");
    check(cpu_us() - start < 100'000, "a sleeper used the CPU");
}

void spinners_are_preempted()
{
    const envid_t spinner = start_child([] {
        for (;;) {
            asm volatile("pause");
        }
    });
    const uint64_t start = sys_time_usec();
    check_result(sys_sleep(100), "sleep beside a spinner");
    check(sys_time_usec() - start < 1'000'000, "a spinner kept the CPU");
    check_result(sys_env_destroy(spinner), "env_destroy");
}

} // namespace

static constexpr Test tests[] = {
    {"time: the clock goes forward", clock_goes_forward},
    {"time: programs read the kernel's clock", programs_read_the_kernels_clock},
    {"time: sleep lasts as long as it should", sleep_lasts},
    {"time: sleepers wake in order", sleepers_wake_in_order},
    {"time: sleepers use no CPU", sleepers_cost_nothing},
    {"time: spinning programs are preempted", spinners_are_preempted},
};
const std::span<const Test> time_tests = tests;
