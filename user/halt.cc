// Switches the machine off, after the file system has written what it holds to the disk.
#include "lib/lib.hh"

void umain(int, char**)
{
    if (const int result = sync(); result < 0) {
        fprintf(2, "halt: the disk is not written: %s\n", error_text(result));
        exit(1);
    }
    const int result = sys_machine(MachineCommand::halt);
    fprintf(2, "halt: %s\n", error_text(result));
    exit(1);
}
