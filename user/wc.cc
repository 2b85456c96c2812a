// Counts lines, words and bytes of files, or of what it reads; -l, -w, -c: only these.
#include "lib/args.hh"
#include "lib/lib.hh"
#include "lib/tool.hh"

struct Counts {
    uint32_t lines = 0, words = 0, bytes = 0;
};

static bool show_lines = false, show_words = false, show_bytes = false;
static char buffer[8192];

static bool count(const Input& input, Counts& counts)
{
    bool in_word = false;
    ssize_t size = 0;
    while ((size = input.read(buffer, sizeof buffer)) > 0) {
        counts.bytes += static_cast<uint32_t>(size);
        for (ssize_t i = 0; i < size; i++) {
            const char c = buffer[i];
            const bool is_space = c == ' ' || (c >= '\t' && c <= '\r');
            counts.lines += c == '\n' ? 1 : 0;
            counts.words += !is_space && !in_word ? 1 : 0;
            in_word = !is_space;
        }
    }
    return size == 0;
}

static void show(const Counts& counts, const char* name)
{
    if (show_lines) {
        printf("%8u", counts.lines);
    }
    if (show_words) {
        printf("%8u", counts.words);
    }
    if (show_bytes) {
        printf("%8u", counts.bytes);
    }
    printf(name != nullptr ? " %s\n" : "\n", name);
}

static bool count_file(const char* path, Counts& total)
{
    const Input input(path);
    Counts counts;
    if (!input.is_open() || !count(input, counts)) {
        return false;
    }
    show(counts, path);
    total.lines += counts.lines;
    total.words += counts.words;
    total.bytes += counts.bytes;
    return true;
}

void umain(int argc, char** argv)
{
    OptionParser options(argc, argv, "lwc");
    while (const int option = options.next()) {
        if (option == '?') {
            fprintf(2, "usage: wc [-lwc] [FILE]...\n");
            exit(2);
        }
        (option == 'l' ? show_lines : option == 'w' ? show_words : show_bytes) = true;
    }
    if (!show_lines && !show_words && !show_bytes) {
        show_lines = show_words = show_bytes = true;
    }
    const int first = options.first_operand();
    Counts total;
    bool good = first < argc || count_file(nullptr, total);
    for (int i = first; i < argc; i++) {
        good &= count_file(argv[i], total);
    }
    if (argc - first > 1) {
        show(total, "total");
    }
    exit(good ? 0 : 1);
}
