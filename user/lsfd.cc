// Lists its open descriptors: what a program gets from the one that starts it.
#include "lib/lib.hh"

void umain(int, char**)
{
    for (int number = 0; number < max_fds; number++) {
        Stat status;
        if (fstat(number, &status) >= 0) {
            printf("%d: %s %s\n", number, status.st_dev->name, status.st_name);
        }
    }
}
