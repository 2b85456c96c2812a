#include <cstdarg>

#include "inc/error.hh"
#include "inc/stdio.hh"
#include "lib/program.hh"
#include "lib/syscall.hh"

// One line, and so one system call where it fits. Descriptors are left to the kernel: what a
// broken program still holds is not worth trusting.
void panic_at(const char* file, int line, const char* format, ...)
{
    char message[200];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    cprintf("[%08x] user panic in %s at %s:%d: %s\n", static_cast<unsigned>(sys_getenvid()),
            binaryname, file, line, message);
    sys_exit(exit_panic);
}

int must(int result, const char* what, std::source_location caller)
{
    if (result < 0) {
        panic_at(caller.file_name(), static_cast<int>(caller.line()), "cannot %s: %s", what,
                 error_text(result));
    }
    return result;
}
