// A pipe to a child and one whose reader has gone.
#include "lib/lib.hh"

static constexpr const char* message = "Now is the time for all good men to come to the aid of "
                                       "their party.";

static void child_reads()
{
    int ends[2];
    must(pipe(ends), "make a pipe");
    const envid_t child = fork();
    must(child, "fork");
    if (child == 0) {
        char text[100] = {};
        close(ends[1]);
        must(readn(ends[0], text, sizeof text - 1), "read the pipe");
        if (strcmp(text, message) != 0) {
            panic("the pipe gave: %s", text);
        }
        cprintf("pipe read closed properly\n");
        exit();
    }
    close(ends[0]);
    must(writen(ends[1], message, strlen(message)), "write to the pipe");
    close(ends[1]);
    if (const int status = wait(child); status != 0) {
        panic("the child ended with status %d", status);
    }
}

static void reader_goes_away()
{
    int ends[2];
    must(pipe(ends), "make a pipe");
    const envid_t child = fork();
    must(child, "fork");
    if (child == 0) {
        close(ends[0]);
        while (write(ends[1], "x", 1) == 1) {
        }
        cprintf("pipe write closed properly\n");
        exit();
    }
    close(ends[1]);
    close(ends[0]);
    wait(child);
}

void umain(int, char**)
{
    child_reads();
    reader_goes_away();
    cprintf("pipe tests passed\n");
}
