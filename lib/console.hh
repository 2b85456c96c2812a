// The console: as a descriptor, and a line at a time.
//
// Reading the descriptor gives whole lines, typed with echo; backspace, ^U and ^W edit, ^D on an
// empty line is the end of file, ^C drops the line. Readers sleep until something is typed.
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

// Prints `prompt` and reads a line from descriptor 0 into a buffer that the next call reuses.
// The newline is not part of it; of a line that is too long the rest is dropped. Null at the end
// of input.
char* readline(const char* prompt);
