#include "lib/program.hh"
#include "lib/syscall.hh"

// Closes every descriptor (lib/fd.cc); only there in a program that uses descriptors.
[[gnu::weak]] void close_all();

void exit(int status) noexcept
{
    if (close_all != nullptr) {
        close_all();
    }
    sys_exit(status);
}
