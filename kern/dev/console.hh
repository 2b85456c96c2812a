// The console: serial line, VGA text screen and PC keyboard as one stream of bytes each way.
#pragma once

void console_init();
void console_putc(int byte);
int console_getc();             // the next byte typed, 0 if none; polls the hardware
bool console_has_input();

// Programs that wait for input are woken by the console's interrupt handlers.
class WaitQueue;
WaitQueue& console_input_queue();

// Reads a line with echo and editing into a buffer of its own, waiting for it; the final newline
// is not part of it. Unmangled: debuggers and graders set a breakpoint here.
extern "C" char* readline(const char* prompt);
