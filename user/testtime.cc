// Counts down five seconds on the kernel's millisecond clock.
#include "lib/lib.hh"

// Sleeps until the clock shows `deadline` (milliseconds since boot; may wrap around).
static void sleep_until(uint32_t deadline)
{
    for (;;) {
        const auto left = static_cast<int32_t>(deadline - sys_time_msec());
        if (left <= 0) {
            return;
        }
        if (const int error = sys_sleep(static_cast<uint32_t>(left)); error < 0) {
            panic("sys_sleep: %s", error_text(error));
        }
    }
}

void umain(int, char**)
{
    sleep_until(sys_time_msec() + 500);     // lets the boot messages pass
    cprintf("starting count down: ");
    uint32_t deadline = sys_time_msec();
    for (int seconds = 5; seconds >= 0; seconds--) {
        cprintf("%d ", seconds);
        deadline += 1000;
        sleep_until(deadline);
    }
    cprintf("\n");
}
