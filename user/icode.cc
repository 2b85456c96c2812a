// Reads a file and starts a program, as the first program of the course's file system lab.
#include "lib/lib.hh"

void umain(int, char**)
{
    binaryname = "icode";
    cprintf("icode startup\n");
    cprintf("icode: open /motd\n");
    const int file = must(open("/motd", O_RDONLY), "open /motd");
    cprintf("icode: read /motd\n");
    char text[513];
    while (const int count = must(read(file, text, sizeof text - 1), "read /motd")) {
        sys_cputs(text, static_cast<size_t>(count));
    }
    cprintf("icode: close /motd\n");
    close(file);
    cprintf("icode: spawn /init\n");
    must(spawnl("/bin/init", "init", "initarg1", "initarg2", nullptr), "spawn /init");
    cprintf("icode: exiting\n");
}
