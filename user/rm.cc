// Removes files; -r: directories too, with all that they hold; -f: what is not there is no error.
#include "lib/args.hh"
#include "lib/lib.hh"
#include "lib/tool.hh"

static bool recursive = false;
static bool force = false;
static char path[max_path];                 // of what is being removed

static bool remove_path();

// Removes what the directory `path` holds.
static bool empty_directory()
{
    const int directory = open(path, O_RDONLY);
    if (directory < 0) {
        return complain_about("cannot open", path, directory);
    }
    const size_t length = strlen(path);
    bool good = true;
    DirectoryEntry entry;
    int result = 0;
    while ((result = readdir(directory, &entry)) > 0) {
        const int added = snprintf(path + length, sizeof path - length, "/%s", entry.name);
        good &= static_cast<size_t>(added) < sizeof path - length
            ? remove_path() : complain_about("cannot remove", path, to_abi(Error::bad_path));
        path[length] = '\0';
    }
    close(directory);
    return result < 0 ? complain_about("cannot read", path, result) : good;
}

static bool remove_path()
{
    Stat status;
    int result = stat(path, &status);
    if (result == to_abi(Error::not_found) && force) {
        return true;
    }
    if (result == 0 && status.st_isdir != 0) {
        if (!recursive) {
            return complain_about("cannot remove", path, to_abi(Error::is_directory));
        }
        if (!empty_directory()) {
            return false;
        }
    }
    result = remove(path);                  // a damaged file, too, gets its own answer
    return result >= 0 || complain_about("cannot remove", path, result);
}

void umain(int argc, char** argv)
{
    OptionParser options(argc, argv, "rf");
    int option = 0;
    while ((option = options.next()) == 'r' || option == 'f') {
        (option == 'r' ? recursive : force) = true;
    }
    if (option != 0 || options.first_operand() == argc) {
        fprintf(2, "usage: rm [-rf] PATH...\n");
        exit(2);
    }
    bool good = true;
    for (int i = options.first_operand(); i < argc; i++) {
        good &= strlcpy(path, argv[i], sizeof path) < sizeof path
            ? remove_path() : complain_about("cannot remove", argv[i], to_abi(Error::bad_path));
    }
    exit(good ? 0 : 1);
}
