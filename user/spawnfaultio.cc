// Starts faultio from the disk: a program that the file server's friend started has no more rights.
#include "lib/lib.hh"

void umain(int, char**)
{
    cprintf("i am parent environment %08x\n", static_cast<unsigned>(thisenv->env_id));
    if (const envid_t child = spawnl("/bin/faultio", "faultio", nullptr); child < 0) {
        panic("spawn(faultio) failed: %s", error_text(child));
    }
}
