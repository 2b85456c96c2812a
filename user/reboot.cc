// Starts the machine again, after the file system has written what it holds to the disk.
#include "lib/lib.hh"

void umain(int, char**)
{
    if (const int result = sync(); result < 0) {
        fprintf(2, "reboot: the disk is not written: %s\n", error_text(result));
        exit(1);
    }
    const int result = sys_machine(MachineCommand::reboot);
    fprintf(2, "reboot: %s\n", error_text(result));
    exit(1);
}
