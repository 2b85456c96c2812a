// What every program has: where it starts, how it ends.
#pragma once
#include <source_location>

// The program's own code. When it returns, the program ends with status 0.
void umain(int argc, char** argv);

// The program's name for messages: argv[0], or "<unknown>".
extern const char* binaryname;

// Ends this environment: closes its descriptors; whoever waits for it gets `status` (0 to 255).
// Unmangled, as C++'s headers declare it.
extern "C" [[gnu::noreturn]] void exit(int status = 0) noexcept;

inline constexpr int exit_panic = 134;      // the exit status after a panic

// Prints "[envid] user panic in NAME at FILE:LINE: message" and ends this environment. `panic`
// adds file and line.
[[noreturn, gnu::format(gnu_printf, 3, 4)]] void panic_at(const char* file, int line,
                                                          const char* format, ...);
#define panic(...) panic_at(__FILE__, __LINE__, __VA_ARGS__)

// Returns `result`, unless that is an error: then panics with "cannot WHAT: REASON", at the caller's
// line.
int must(int result, const char* what,
         std::source_location caller = std::source_location::current());
