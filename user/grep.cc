// Shows the lines of files, or of what it reads, that hold a text. -v: those that do not; -n: with
// their numbers; -i: upper and lower case are the same; -c: only how many. Lines longer than the
// buffer are looked at in pieces. Status 0: some line was found, 1: none, 2: an error.
#include "lib/args.hh"
#include "lib/lib.hh"
#include "lib/tool.hh"

static bool invert = false, numbered = false, ignore_case = false, only_count = false;
static const char* wanted = "";
static bool show_names = false;
static char buffer[16 * 1024];

static bool holds_wanted(const char* line, size_t size)
{
    const size_t length = strlen(wanted);
    for (size_t at = 0; at + length <= size; at++) {
        const int order = ignore_case ? strncasecmp(line + at, wanted, length)
                                      : memcmp(line + at, wanted, length);
        if (order == 0) {
            return true;
        }
    }
    return false;
}

static void show(const char* name, uint32_t number, const char* line, size_t size)
{
    if (show_names) {
        printf("%s:", name);
    }
    if (numbered) {
        printf("%u:", number);
    }
    writen(1, line, size);
    writen(1, "\n", 1);
}

struct Search {
    uint32_t lines = 0, found = 0;
    const char* name;

    void look_at(const char* line, size_t size)
    {
        lines++;
        if (holds_wanted(line, size) != invert) {
            found++;
            if (!only_count) {
                show(name, lines, line, size);
            }
        }
    }
};

// False after an error.
static bool search_all(const Input& input, Search& search)
{
    size_t filled = 0;
    for (;;) {
        const ssize_t count = input.read(buffer + filled, sizeof buffer - filled);
        if (count < 0) {
            return false;
        }
        filled += static_cast<size_t>(count);
        const char* line = buffer;
        const char* const end = buffer + filled;
        while (const void* newline = memchr(line, '\n', static_cast<size_t>(end - line))) {
            const auto* stop = static_cast<const char*>(newline);
            search.look_at(line, static_cast<size_t>(stop - line));
            line = stop + 1;
        }
        filled = static_cast<size_t>(end - line);
        if (filled > 0 && (count == 0 || filled == sizeof buffer)) {
            search.look_at(line, filled);
            filled = 0;
        }
        if (count == 0) {
            return true;
        }
        memmove(buffer, line, filled);
    }
}

static bool search_file(const char* path, bool& found)
{
    const Input input(path);
    Search search{.name = path != nullptr ? path : "standard input"};
    if (!input.is_open() || !search_all(input, search)) {
        return false;
    }
    if (only_count) {
        printf(show_names ? "%s:%u\n" : "%.0s%u\n", search.name, search.found);
    }
    found |= search.found > 0;
    return true;
}

void umain(int argc, char** argv)
{
    OptionParser options(argc, argv, "vnic");
    bool good = true;
    while (const int option = options.next()) {
        good &= option != '?';
        bool& flag = option == 'v' ? invert : option == 'n' ? numbered
            : option == 'i' ? ignore_case : only_count;
        flag = true;
    }
    const int first = options.first_operand();
    if (!good || first == argc) {
        fprintf(2, "usage: grep [-vnic] TEXT [FILE]...\n");
        exit(2);
    }
    wanted = argv[first];
    show_names = argc - first > 2;
    bool found = false;
    good = first + 1 < argc || search_file(nullptr, found);
    for (int i = first + 1; i < argc; i++) {
        good &= search_file(argv[i], found);
    }
    exit(!good ? 2 : found ? 0 : 1);
}
