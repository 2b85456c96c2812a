// A sieve of environments: each knows one prime, drops its multiples, and hands the other numbers
// on to the next, which it starts when the first of them comes.
#include "lib/lib.hh"

// Takes numbers from the left for ever.
[[noreturn]] static void sieve()
{
    for (;;) {
        envid_t from = 0;
        const int32_t prime = ipc_recv(&from, nullptr, nullptr);
        cprintf("CPU %d: %d ", static_cast<int>(thisenv->env_cpunum), static_cast<int>(prime));
        const envid_t right = fork();
        if (right < 0) {
            panic("fork: %s", error_text(right));
        }
        if (right == 0) {
            continue;                   // the new environment takes the next prime
        }
        for (;;) {
            const int32_t number = ipc_recv(&from, nullptr, nullptr);
            if (number % prime != 0) {
                ipc_send(right, static_cast<uint32_t>(number), nullptr, 0);
            }
        }
    }
}

void umain(int, char**)
{
    const envid_t first = fork();
    if (first < 0) {
        panic("fork: %s", error_text(first));
    }
    if (first == 0) {
        sieve();
    }
    for (uint32_t number = 2;; number++) {
        ipc_send(first, number, nullptr, 0);
    }
}
