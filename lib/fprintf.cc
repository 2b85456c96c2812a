#include "lib/fprintf.hh"

#include "inc/error.hh"
#include "inc/stdio.hh"
#include "lib/fd.hh"

namespace {

// A descriptor being written. After an error nothing more is written.
struct Target {
    int fd = -1;
    int error = 0;
};

void write_piece(const char* piece, size_t size, void* context)
{
    auto* target = static_cast<Target*>(context);
    if (target->error == 0) {
        const ssize_t result = writen(target->fd, piece, size);
        target->error = result < 0 ? result : 0;
    }
}

} // namespace

int vfprintf(int fd, const char* format, va_list arguments)
{
    Target target{.fd = fd};
    const int length = print_in_pieces(write_piece, &target, format, arguments);
    return target.error < 0 ? target.error : length;
}

int fprintf(int fd, const char* format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int length = vfprintf(fd, format, arguments);
    va_end(arguments);
    return length;
}

int printf(const char* format, ...)
{
    Fd* standard_output = nullptr;
    va_list arguments;
    va_start(arguments, format);
    const int length = fd_lookup(1, &standard_output) < 0 ? vcprintf(format, arguments)
                                                           : vfprintf(1, format, arguments);
    va_end(arguments);
    return length;
}
