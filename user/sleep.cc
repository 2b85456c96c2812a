// Waits: `sleep SECONDS`.
#include "lib/args.hh"
#include "lib/lib.hh"

void umain(int argc, char** argv)
{
    constexpr unsigned long longest = 1'000'000;
    unsigned long seconds = 0;
    if (argc != 2 || !parse_count(argv[1], longest, seconds)) {
        fprintf(2, "usage: sleep SECONDS\n");
        exit(2);
    }
    sys_sleep(static_cast<uint32_t>(seconds * 1000));
}
