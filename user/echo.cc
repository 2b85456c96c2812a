// Prints its arguments. -n: without a newline.
#include "lib/lib.hh"

void umain(int argc, char** argv)
{
    const bool newline = argc < 2 || strcmp(argv[1], "-n") != 0;
    const int first = newline ? 1 : 2;
    for (int i = first; i < argc; i++) {
        printf("%s%s", i > first ? " " : "", argv[i]);
    }
    if (newline) {
        printf("\n");
    }
}
