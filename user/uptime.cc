// Says how long the machine has been up.
#include "lib/lib.hh"

void umain(int, char**)
{
    const uint64_t milliseconds = sys_time_usec() / 1000;
    const auto seconds = static_cast<unsigned>(milliseconds / 1000);
    const unsigned minutes = seconds / 60, hours = minutes / 60, days = hours / 24;
    if (days > 0) {
        printf("%u days, ", days);
    }
    printf("%u:%02u:%02u.%03u\n", hours % 24, minutes % 60, seconds % 60,
           static_cast<unsigned>(milliseconds % 1000));
}
