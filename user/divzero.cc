// Divides by zero: the kernel ends it with a Divide error.
#include "lib/lib.hh"

// Both volatile: GCC turns 1 / x into comparisons.
static volatile int one = 1;
static volatile int zero = 0;

void umain(int, char**)
{
    cprintf("1/0 is %08x!\n", static_cast<unsigned>(one / zero));
}
