// Makes directories.
#include "lib/lib.hh"
#include "lib/tool.hh"

void umain(int argc, char** argv)
{
    if (argc < 2) {
        fprintf(2, "usage: mkdir DIRECTORY...\n");
        exit(2);
    }
    bool good = true;
    for (int i = 1; i < argc; i++) {
        const int result = mkdir(argv[i]);
        good &= result >= 0 || complain_about("cannot make", argv[i], result);
    }
    exit(good ? 0 : 1);
}
