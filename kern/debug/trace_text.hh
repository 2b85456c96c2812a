// A system call in words. Names and arguments come from the one list in inc/syscall.hh; what an
// argument's name means is said here.
#pragma once
#include "kern/debug/trace.hh"

// A line that is put together piece by piece; what does not fit is left out.
class TraceLine {
public:
    [[gnu::format(gnu_printf, 2, 3)]] void add(const char* format, ...);
    std::string_view text() const { return {text_.data(), used_}; }

private:
    std::array<char, 320> text_{};
    size_t used_ = 0;
};

bool is_system_call(uint32_t number);
const char* system_call_name(uint32_t number);

// `(to 00001001:ns, value 0x3, timeout_ms forever)`. The caller's address space must be loaded.
void add_arguments(TraceLine& line, Environment& caller);

// ` = 0`, ` = not found (-11)`, or what came with a message.
void add_result(TraceLine& line, Environment& caller);
