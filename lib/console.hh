// The console: as a descriptor, and a line at a time.
//
// Reading the descriptor gives whole lines, typed with echo and edited as lib/line_editor.hh says;
// ^D on an empty line is the end of file, ^C drops the line. Readers sleep until something is
// typed.
#pragma once
#include <cstddef>

// Opens the console for reading and writing. Returns the descriptor's number or a negative error.
int opencons();

// 1 if descriptor `fd` is the console, 0 if it is something else, or a negative error.
int iscons(int fd);

// The next byte of descriptor 0, negative at its end.
int getchar();

// Writes one byte to the console.
void cputchar(int byte);

inline constexpr size_t longest_line = 4095;

// Prints `prompt` and reads a line from descriptor 0 into a buffer that the next call reuses.
// The newline is not part of it; what is beyond `longest_line` bytes is dropped. Null at the end
// of input. On the console the lines read before can be had again with the arrow keys.
char* readline(const char* prompt);
