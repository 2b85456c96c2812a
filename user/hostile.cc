// The hostile ones of the in-guest tests (user/guesttest/hostile_*.cc), for the grader.
#include "lib/lib.hh"

void umain(int, char**)
{
    const envid_t tests = spawnl("/bin/guesttest", "guesttest", "hostile:", nullptr);
    if (tests < 0) {
        panic("spawn /bin/guesttest: %s", error_text(tests));
    }
    const bool good = wait(tests) == 0;
    cprintf("hostile: %s\n", good ? "all attacks were refused" : "not all attacks were refused");
    exit(good ? 0 : 1);
}
