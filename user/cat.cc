// Prints files, or what it reads.
#include "lib/lib.hh"

static char buffer[8192];

// Copies all of `fd` to descriptor 1. Returns 0 or an error.
static int copy(int fd)
{
    for (;;) {
        const ssize_t count = read(fd, buffer, sizeof buffer);
        if (count <= 0) {
            return count;
        }
        if (const ssize_t result = writen(1, buffer, static_cast<size_t>(count)); result < 0) {
            return result;
        }
    }
}

static bool report(const char* name, int result)
{
    if (result < 0) {
        fprintf(2, "cat: %s: %s\n", name, error_text(result));
    }
    return result >= 0;
}

void umain(int argc, char** argv)
{
    bool good = argc > 1 || report("standard input", copy(0));
    for (int i = 1; i < argc; i++) {
        const int fd = open(argv[i], O_RDONLY);
        good &= report(argv[i], fd < 0 ? fd : copy(fd));
        if (fd >= 0) {
            close(fd);
        }
    }
    exit(good ? 0 : 1);
}
