// Makes files that are not there, and gives the others the time of now.
#include "lib/lib.hh"
#include "lib/tool.hh"

static bool touch(const char* path)
{
    const int file = open(path, O_WRONLY | O_CREAT);
    if (file < 0) {
        return complain_about("cannot open", path, file);
    }
    Stat status;
    int result = fstat(file, &status);
    if (result == 0) {
        result = ftruncate(file, status.st_size);       // the size that it has; and the time
    }
    const int closed = close(file);
    result = result < 0 ? result : closed;
    return result >= 0 || complain_about("cannot write", path, result);
}

void umain(int argc, char** argv)
{
    if (argc < 2) {
        fprintf(2, "usage: touch FILE...\n");
        exit(2);
    }
    bool good = true;
    for (int i = 1; i < argc; i++) {
        good &= touch(argv[i]);
    }
    exit(good ? 0 : 1);
}
