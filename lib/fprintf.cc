#include "lib/fprintf.hh"

#include "inc/error.hh"
#include "inc/stdio.hh"
#include "lib/fd.hh"
#include "lib/program.hh"

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

// The first error of printf: a program need not look at each result, and a full disk is reported
// all the same.
int output_error;

} // namespace

int status_after_output(int status)
{
    if (output_error == 0) {
        return status;
    }
    if (output_error != to_abi(Error::broken_pipe)) {   // that nobody reads on is no news
        fprintf(2, "%s: cannot write its output: %s\n", binaryname, error_text(output_error));
    }
    return status == 0 ? 1 : status;
}

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
    if (length < 0 && output_error == 0) {
        output_error = length;
    }
    return length;
}
