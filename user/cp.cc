// Copies a file, or several into a directory; -r: directories too, with all that they hold.
#include "lib/args.hh"
#include "lib/lib.hh"
#include "lib/tool.hh"

static bool recursive = false;
static char buffer[64 * 1024];
static char from[max_path], to[max_path];       // what is being copied, and where

static bool copy_contents(const Input& input, int output)
{
    for (;;) {
        const ssize_t count = input.read(buffer, sizeof buffer);
        if (count <= 0) {
            return count == 0;
        }
        const ssize_t result = writen(output, buffer, static_cast<size_t>(count));
        if (result != count) {
            return complain_about("cannot write", to,
                                  result < 0 ? result : to_abi(Error::no_disk));
        }
    }
}

static bool copy_file()
{
    const Input input(from);
    if (!input.is_open()) {
        return false;
    }
    const int output = open(to, O_WRONLY | O_CREAT | O_TRUNC);
    if (output < 0) {
        return complain_about("cannot open", to, output);
    }
    const bool copied = copy_contents(input, output);
    const int closed = close(output);
    return copied && (closed >= 0 || complain_about("cannot write", to, closed));
}

static bool copy();

// Adds "/name" to a path.
static bool append(char* path, const char* name)
{
    const size_t length = strlen(path);
    const int added = snprintf(path + length, max_path - length, "/%s", name);
    return static_cast<size_t>(added) < max_path - length
        || complain_about("cannot use", path, to_abi(Error::bad_path));
}

static bool copy_directory()
{
    if (const int made = mkdir(to); made < 0 && !is_directory(to)) {
        return complain_about("cannot make", to, made);
    }
    const int directory = open(from, O_RDONLY);
    if (directory < 0) {
        return complain_about("cannot open", from, directory);
    }
    const size_t from_length = strlen(from);
    const size_t to_length = strlen(to);
    bool good = true;
    DirectoryEntry entry;
    int result = 0;
    while ((result = readdir(directory, &entry)) > 0) {
        good &= append(from, entry.name) && append(to, entry.name) && copy();
        from[from_length] = '\0';
        to[to_length] = '\0';
    }
    close(directory);
    return result < 0 ? complain_about("cannot read", from, result) : good;
}

static bool copy()
{
    if (!is_directory(from)) {
        return copy_file();
    }
    return recursive ? copy_directory()
                     : complain_about("cannot copy", from, to_abi(Error::is_directory));
}

// Copies one operand; into `target` if that is a directory.
static bool copy_operand(const char* source, const char* target)
{
    if (strlcpy(from, source, sizeof from) >= sizeof from) {
        return complain_about("cannot open", source, to_abi(Error::bad_path));
    }
    if (is_directory(target)) {
        if (!join_path(to, sizeof to, target, source)) {
            return false;
        }
    } else if (strlcpy(to, target, sizeof to) >= sizeof to) {
        return complain_about("cannot open", target, to_abi(Error::bad_path));
    }
    static ResolvedPath resolved_from("/"), resolved_to("/");
    resolved_from = ResolvedPath(from);
    resolved_to = ResolvedPath(to);
    if (resolved_from == resolved_to || resolved_from.contains(resolved_to)) {
        fprintf(2, "cp: cannot copy '%s' into itself\n", source);
        return false;
    }
    return copy();
}

void umain(int argc, char** argv)
{
    OptionParser options(argc, argv, "r");
    int option = 0;
    while ((option = options.next()) == 'r') {
        recursive = true;
    }
    const int first = options.first_operand();
    if (option != 0 || argc - first < 2) {
        fprintf(2, "usage: cp [-r] FROM... TO\n");
        exit(2);
    }
    const char* const target = argv[argc - 1];
    if (argc - first > 2 && !is_directory(target)) {
        complain_about("cannot copy into", target, to_abi(Error::not_directory));
        exit(1);
    }
    bool good = true;
    for (int i = first; i < argc - 1; i++) {
        good &= copy_operand(argv[i], target);
    }
    exit(good ? 0 : 1);
}
