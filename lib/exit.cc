#include "lib/program.hh"
#include "lib/syscall.hh"

// Closes every descriptor (lib/fd.cc); only there in a program that uses descriptors.
[[gnu::weak]] void close_all();

// The status for a program that has printed, if all of it arrived (lib/fprintf.cc).
[[gnu::weak]] int status_after_output(int status);

void exit(int status) noexcept
{
    if (status_after_output != nullptr) {
        status = status_after_output(status);
    }
    if (close_all != nullptr) {
        close_all();
    }
    sys_exit(status);
}
