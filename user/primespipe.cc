// The sieve of primes, over pipes: each environment prints the first number that it reads, which
// is a prime, and hands those on that the prime does not divide. Ends when the numbers do.
#include "lib/lib.hh"

static constexpr int limit = 1000;

// A new environment that reads what this one writes to `*output`; returns its id here, and 0 in
// it, with the other end in `*input`.
static envid_t grow(int* input, int* output)
{
    int ends[2];
    must(pipe(ends), "make a pipe");
    const envid_t right = fork();
    must(right, "fork");
    if (right == 0) {
        close(ends[1]);
        *input = ends[0];
    } else {
        close(ends[0]);
        *output = ends[1];
    }
    return right;
}

// Takes numbers from the left until there are no more.
static void sieve(int input)
{
    int prime = 0;
    while (readn(input, &prime, sizeof prime) == sizeof prime) {
        cprintf("%d\n", prime);
        int left = input, output = -1;
        const envid_t right = grow(&input, &output);
        if (right == 0) {
            close(left);
            continue;
        }
        int number = 0;
        while (readn(left, &number, sizeof number) == sizeof number) {
            if (number % prime != 0) {
                must(writen(output, &number, sizeof number), "write to the pipe");
            }
        }
        close(output);
        wait(right);
        return;
    }
}

void umain(int, char**)
{
    int input = -1, output = -1;
    const envid_t first = grow(&input, &output);
    if (first == 0) {
        sieve(input);
        return;
    }
    for (int number = 2; number < limit; number++) {
        must(writen(output, &number, sizeof number), "write to the pipe");
    }
    close(output);
    wait(first);
}
