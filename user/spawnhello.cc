// Starts hello from the disk.
#include "lib/lib.hh"

void umain(int, char**)
{
    cprintf("i am parent environment %08x\n", static_cast<unsigned>(thisenv->env_id));
    if (const envid_t child = spawnl("/bin/hello", "hello", nullptr); child < 0) {
        panic("spawn(hello) failed: %s", error_text(child));
    }
}
