// Uninitialised data must be zero, and end where it ends.
#include "lib/lib.hh"

static constexpr unsigned size = 1024 * 1024;
static volatile unsigned array[size];

void umain(int, char**)
{
    cprintf("Making sure bss works right...\n");
    for (unsigned i = 0; i < size; i++) {
        if (array[i] != 0) {
            panic("array[%u] isn't cleared!", i);
        }
    }
    for (unsigned i = 0; i < size; i++) {
        array[i] = i;
    }
    for (unsigned i = 0; i < size; i++) {
        if (array[i] != i) {
            panic("array[%u] didn't hold its value!", i);
        }
    }
    cprintf("Yes, good.  Now doing a wild write off the end...\n");
    volatile uintptr_t beyond = address_of(array) + sizeof array + PGSIZE;
    *reinterpret_cast<volatile unsigned*>(beyond) = 0;
    panic("SHOULD HAVE TRAPPED!!!");
}
