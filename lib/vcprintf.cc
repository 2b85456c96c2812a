// cprintf for programs: straight to the console, past any descriptor. A short line is one system
// call and stays in one piece.
#include "inc/stdio.hh"
#include "lib/syscall.hh"

int vcprintf(const char* format, va_list arguments)
{
    const auto write = [](const char* piece, size_t size, void*) { sys_cputs(piece, size); };
    return print_in_pieces(write, nullptr, format, arguments);
}
