// Lists directories and files. -l: with kind, size and time of the last change (UTC).
#include "lib/args.hh"
#include "lib/lib.hh"
#include "lib/tool.hh"

static bool long_format = false;

static bool fail(const char* path, int error)
{
    fprintf(2, "ls: %s: %s\n", path, error_text(error));
    return false;
}

static void show(const char* name, bool directory, off_t size, int64_t modified)
{
    if (long_format) {
        printf("%c %10ld  %s  ", directory ? 'd' : '-', size, date_text(modified).text);
    }
    printf("%s%s\n", name, directory ? "/" : "");
}

static bool list_directory(const char* path)
{
    const int directory = open(path, O_RDONLY);
    if (directory < 0) {
        return fail(path, directory);
    }
    DirectoryEntry entry;
    int result;
    while ((result = readdir(directory, &entry)) > 0) {
        show(entry.name, entry.is_directory != 0, entry.size, entry.mtime);
    }
    close(directory);
    return result == 0 || fail(path, result);
}

static bool list(const char* path)
{
    Stat status;
    if (const int result = stat(path, &status); result < 0) {
        return fail(path, result);
    }
    if (status.st_isdir != 0) {
        return list_directory(path);
    }
    show(path, false, status.st_size, status.st_mtime);
    return true;
}

void umain(int argc, char** argv)
{
    OptionParser options(argc, argv, "l");
    while (const int option = options.next()) {
        if (option != 'l') {
            fprintf(2, "usage: ls [-l] [PATH]...\n");
            exit(2);
        }
        long_format = true;
    }
    const int first = options.first_operand();
    bool good = first < argc || list("/");
    for (int i = first; i < argc; i++) {
        good &= list(argv[i]);
    }
    exit(good ? 0 : 1);
}
