// cprintf for programs: straight to the console, past any descriptor.
#include "inc/stdio.hh"
#include "lib/syscall.hh"

namespace {

// Collects output, so that a short line is one system call and stays in one piece.
struct Line {
    char bytes[256];
    size_t used = 0;

    void flush()
    {
        sys_cputs(bytes, used);
        used = 0;
    }
};

void put_in_line(int byte, void* context)
{
    auto* line = static_cast<Line*>(context);
    line->bytes[line->used++] = static_cast<char>(byte);
    if (line->used == sizeof line->bytes) {
        line->flush();
    }
}

} // namespace

int vcprintf(const char* format, va_list arguments)
{
    Line line;
    const int length = vprintfmt(put_in_line, &line, format, arguments);
    line.flush();
    return length;
}

int cprintf(const char* format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int length = vcprintf(format, arguments);
    va_end(arguments);
    return length;
}
