// Formatted output, for kernel and programs: one formatter (lib/printf.cc), two vcprintf.
#pragma once
#include <cstdarg>
#include <cstddef>

// printf's %d %i %u %x %X %o %c %s %p %% with flags - 0 + space #, width, precision and the
// lengths hh h l ll z. No floating point. An error's text is error_text(code) (inc/error.hh).
[[gnu::format(gnu_printf, 1, 2)]] int cprintf(const char* format, ...);
int vcprintf(const char* format, va_list arguments);

// Writes at most `size` bytes with the final zero; returns the length it would have had. Unmangled
// like the C library's, whose declarations some of C++'s headers bring along.
extern "C" {
[[gnu::format(gnu_printf, 3, 4)]] int snprintf(char* buffer, size_t size,
                                               const char* format, ...) noexcept;
int vsnprintf(char* buffer, size_t size, const char* format, va_list arguments) noexcept;
}

// Formats into pieces of up to 256 bytes, of which `write` gets one after the other, with
// `context`. Returns the number of bytes.
int print_in_pieces(void (*write)(const char* piece, size_t size, void* context), void* context,
                    const char* format, va_list arguments);

// The formatter itself: calls put(byte, context) for each byte; returns their number.
int vprintfmt(void (*put)(int byte, void* context), void* context, const char* format,
              va_list arguments);
