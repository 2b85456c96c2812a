// Gives a file or directory another name, or moves several into a directory. What has the new
// name already is replaced, unless it is a directory.
#include "lib/lib.hh"
#include "lib/tool.hh"

static bool move(const char* from, const char* to)
{
    Stat status;
    if (const int found = stat(from, &status); found < 0) {
        return complain_about("cannot move", from, found);
    }
    static char joined[max_path];
    if (is_directory(to)) {
        if (!join_path(joined, sizeof joined, to, from)) {
            return false;
        }
        to = joined;
    }
    const int result = rename(from, to);
    return result >= 0 || complain_about("cannot move to", to, result);
}

void umain(int argc, char** argv)
{
    if (argc < 3) {
        fprintf(2, "usage: mv FROM... TO\n");
        exit(2);
    }
    const char* const to = argv[argc - 1];
    if (argc > 3 && !is_directory(to)) {
        complain_about("cannot move into", to, to_abi(Error::not_directory));
        exit(1);
    }
    bool good = true;
    for (int i = 1; i < argc - 1; i++) {
        good &= move(argv[i], to);
    }
    exit(good ? 0 : 1);
}
