// Takes all that it can get of one thing, says what it got and which error came then, and keeps
// it until it is ended (Ctrl-C, or kill of the job): the rest of the system must go on meanwhile.
//
//     exhaust memory          pages
//     exhaust environments    it forks without end, and so do all its children
//     exhaust disk            space, in the file /exhaust, which stays there
#include "lib/lib.hh"

static constexpr uintptr_t first_page = 0x10000000;

static void take_memory()
{
    unsigned taken = 0;
    for (uintptr_t address = first_page; address < USTACKTOP - PTSIZE; address += page_size) {
        const int result =
            sys_page_alloc(0, reinterpret_cast<void*>(address), PTE_P | PTE_U | PTE_W);
        if (result < 0) {
            printf("exhaust: %u pages, then: %s\n", taken, error_text(result));
            return;
        }
        taken++;
    }
    printf("exhaust: %u pages, and no address is left\n", taken);
}

static void take_environments()
{
    const envid_t first = sys_getenvid();
    for (;;) {
        const envid_t child = fork();
        if (child < 0) {
            if (sys_getenvid() == first) {
                printf("exhaust: %s\n", error_text(child));
            }
            return;
        }
    }
}

static void take_disk()
{
    static char piece[1 << 16];
    const int fd = open("/exhaust", O_WRONLY | O_CREAT | O_TRUNC);
    if (fd < 0) {
        panic("cannot open /exhaust: %s", error_text(fd));
    }
    unsigned taken = 0;
    int written = 0;
    for (size_t size = sizeof piece; size > 0; size /= 2) {     // to the last byte
        while ((written = write(fd, piece, size)) > 0) {
            taken += static_cast<unsigned>(written);
        }
    }
    printf("exhaust: %u bytes, then: %s\n", taken, error_text(written));
}

void umain(int argc, char** argv)
{
    if (argc == 2 && strcmp(argv[1], "memory") == 0) {
        take_memory();
    } else if (argc == 2 && strcmp(argv[1], "environments") == 0) {
        take_environments();
    } else if (argc == 2 && strcmp(argv[1], "disk") == 0) {
        take_disk();
    } else {
        printf("usage: exhaust memory|environments|disk\n");
        exit(2);
    }
    for (;;) {
        sys_sleep(wait_forever - 1);
    }
}
