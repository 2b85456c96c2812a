// What the compiler calls by itself in programs.
#include "lib/program.hh"

extern "C" {

// Globals are never destroyed: when a program ends the kernel takes everything back.
void* __dso_handle = nullptr;
int __cxa_atexit(void (*)(void*), void*, void*)
{
    return 0;
}

[[noreturn]] void __cxa_pure_virtual()
{
    panic("a function without a body was called");
}

// What libstdc++'s headers call from GCC 13 on where the host's library would throw; GCC 14's call
// std::terminate().
[[gnu::noreturn]] void abort()
{
    panic("the C++ library was asked for what is not there");
}
}

namespace std {
[[noreturn]] void terminate() noexcept
{
    abort();
}
}
