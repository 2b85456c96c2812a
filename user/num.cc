// Numbers the lines of files, or of what it reads.
#include "lib/lib.hh"
#include "lib/tool.hh"

static int line = 0;
static bool at_line_start = true;

// Prints `size` bytes, the line's number before each line.
static void number_lines(const char* text, size_t size)
{
    for (const char* const end = text + size; text < end;) {
        if (at_line_start) {
            printf("%5d ", ++line);
        }
        const char* stop = text;
        while (stop < end && *stop != '\n') {
            stop++;
        }
        at_line_start = stop < end;
        stop += at_line_start;
        writen(1, text, static_cast<size_t>(stop - text));
        text = stop;
    }
}

static bool number_file(const char* path)
{
    static char buffer[4096];
    const Input input(path);
    ssize_t size = 0;
    line = 0;
    at_line_start = true;
    while (input.is_open() && (size = input.read(buffer, sizeof buffer)) > 0) {
        number_lines(buffer, static_cast<size_t>(size));
    }
    return input.is_open() && size == 0;
}

void umain(int argc, char** argv)
{
    bool good = argc > 1 || number_file(nullptr);
    for (int i = 1; i < argc; i++) {
        good = number_file(argv[i]) && good;
    }
    exit(good ? 0 : 1);
}
