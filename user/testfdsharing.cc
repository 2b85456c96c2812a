// Parent and child share an open file: its contents, and the position in it.
#include "lib/lib.hh"

static char text[512];
static char again[512];

// Reads the file from its start, and compares with what the parent read.
static void read_again(int file, int size, const char* who)
{
    must(seek(file, 0), "seek in motd");
    const int count = must(readn(file, again, sizeof again), "read motd");
    if (count != size || memcmp(text, again, static_cast<size_t>(size)) != 0) {
        panic("read in %s got %d bytes, %d expected, or others", who, count, size);
    }
    cprintf("read in %s succeeded\n", who);
}

void umain(int, char**)
{
    const int file = must(open("/motd", O_RDONLY), "open motd");
    const int size = must(readn(file, text, sizeof text), "read motd");
    const envid_t child = fork();
    must(child, "fork");
    if (child == 0) {
        cprintf("going to read in child (might page fault if your sharing is buggy)\n");
        read_again(file, size, "child");
        must(seek(file, 0), "seek in motd");
        close(file);
        exit();
    }
    wait(child);
    const int count = must(readn(file, again, sizeof again), "read motd");
    if (count != size) {
        panic("the child's seek does not show in the parent: %d bytes left, %d expected", count,
              size);
    }
    cprintf("read in parent succeeded\n");
    close(file);
}
