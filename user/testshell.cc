// Has a shell read /testshell.sh, and compares all that comes out with /testshell.key.
#include "lib/lib.hh"

namespace {

// Has `number` lead where `file` does, in its place.
void become(int file, int number)
{
    must(dup(file, number), "duplicate a descriptor");
    if (file != number) {
        close(file);
    }
}

constexpr int key = 10, output = 11;            // beside the shell's 0 to 2

void open_all()
{
    int ends[2];
    close_all();
    become(must(open("/testshell.key", O_RDONLY), "open /testshell.key"), key);
    become(must(open("/testshell.sh", O_RDONLY), "open /testshell.sh"), 0);
    must(pipe(ends), "make a pipe");
    become(ends[0], output);
    become(ends[1], 1);
    must(dup(1, 2), "duplicate a descriptor");
    must(set_inherited(key, false), "keep a descriptor from the shell");
    must(set_inherited(output, false), "keep a descriptor from the shell");
}

char line_of_output[256];
char line_of_key[256];

// Reads a line without its newline, or as much as fits; false at the end.
bool read_line(int file, char (&line)[256])
{
    size_t length = 0;
    char byte = 0;
    bool more = false;
    while (length + 1 < sizeof line && read(file, &byte, 1) == 1) {
        more = true;
        if (byte == '\n') {
            break;
        }
        line[length++] = byte;
    }
    line[length] = '\0';
    return more;
}

} // namespace

void umain(int, char**)
{
    open_all();
    const envid_t shell = must(spawnl("/bin/sh", "sh", nullptr), "spawn /bin/sh");
    for (int number = 0; number <= 2; number++) {
        close(number);
    }
    bool more_output = true, more_key = true;
    for (int number = 1; more_output || more_key; number++) {
        more_output = read_line(output, line_of_output);
        more_key = read_line(key, line_of_key);
        if (more_output != more_key || strcmp(line_of_output, line_of_key) != 0) {
            cprintf("testshell: line %d of the shell's output is '%s', '%s' is expected\n", number,
                    line_of_output, line_of_key);
            exit(1);
        }
    }
    if (const int status = wait(shell); status != 0) {
        cprintf("testshell: the shell ended with status %d\n", status);
        exit(1);
    }
    cprintf("shell ran correctly\n");
}
