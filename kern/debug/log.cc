// The kernel's cprintf: formatted text to the console, a call in one piece.
#include <array>

#include "inc/stdio.hh"
#include "kern/dev/console.hh"

namespace {

// Collects bytes so that the console gets them in stretches.
struct Stretch {
    std::array<char, 128> bytes{};
    size_t used = 0;

    void flush()
    {
        console_write({bytes.data(), used});
        used = 0;
    }
};

void put(int byte, void* context)
{
    auto* stretch = static_cast<Stretch*>(context);
    stretch->bytes[stretch->used++] = static_cast<char>(byte);
    if (stretch->used == stretch->bytes.size()) {
        stretch->flush();
    }
}

} // namespace

int vcprintf(const char* format, va_list arguments)
{
    ConsoleGuard guard;
    Stretch stretch;
    const int length = vprintfmt(put, &stretch, format, arguments);
    stretch.flush();
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
