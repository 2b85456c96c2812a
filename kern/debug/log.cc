// The kernel's cprintf: formatted text to the console, a call in one piece.
#include "inc/stdio.hh"
#include "kern/dev/console.hh"

int vcprintf(const char* format, va_list arguments)
{
    ConsoleGuard guard;
    const auto write = [](const char* piece, size_t size, void*) { console_write({piece, size}); };
    return print_in_pieces(write, nullptr, format, arguments);
}
