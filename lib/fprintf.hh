// Formatted output to descriptors. cprintf (inc/stdio.hh) writes to the console whatever is open.
#pragma once
#include <cstdarg>

// To descriptor 1, or to the console if that is not open. Returns the bytes written, or an error,
// which is reported at the program's end too and makes its exit status 1.
// Unmangled, as C++'s headers declare it.
extern "C" [[gnu::format(gnu_printf, 1, 2)]] int printf(const char* format, ...);

[[gnu::format(gnu_printf, 2, 3)]] int fprintf(int fd, const char* format, ...);
int vfprintf(int fd, const char* format, va_list arguments);
