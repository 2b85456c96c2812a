// cprintf, for kernel and programs; each has a vcprintf of its own.
#include "inc/stdio.hh"

namespace {

// Collects bytes so that they are written in few pieces.
struct Collector {
    void (*write)(const char* piece, size_t size, void* context) = nullptr;
    void* context = nullptr;
    size_t used = 0;
    char bytes[256];            // left as they are: this is on every path of the console

    void flush()
    {
        write(bytes, used, context);
        used = 0;
    }
};

void collect(int byte, void* context)
{
    auto* collector = static_cast<Collector*>(context);
    collector->bytes[collector->used++] = static_cast<char>(byte);
    if (collector->used == sizeof collector->bytes) {
        collector->flush();
    }
}

} // namespace

int print_in_pieces(void (*write)(const char* piece, size_t size, void* context), void* context,
                    const char* format, va_list arguments)
{
    Collector collector;
    collector.write = write;
    collector.context = context;
    const int length = vprintfmt(collect, &collector, format, arguments);
    if (collector.used > 0) {
        collector.flush();
    }
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
