// What the compiler's output asks of a C++ runtime.
#include <cstddef>
#include <string_view>

#include "kern/debug/panic.hh"

extern "C" {

// Statics with destructors register them here; the kernel never ends, so they never run.
void* __dso_handle = nullptr;
int __cxa_atexit(void (*)(void*), void*, void*) { return 0; }

void __cxa_pure_virtual() { panic("a pure virtual function was called"); }

// What libstdc++'s headers call from GCC 13 on where the host's library would throw; GCC 14's call
// std::terminate().
[[gnu::noreturn]] void abort() { panic("the C++ library was asked for what is not there"); }

}   // extern "C"

void operator delete(void*) noexcept { panic("the kernel has no heap"); }
void operator delete(void*, size_t) noexcept { panic("the kernel has no heap"); }

namespace std {
[[noreturn]] void terminate() noexcept { abort(); }

// GCC 12's call this.
#if _GLIBCXX_RELEASE < 13
void __throw_out_of_range_fmt(const char* format, ...) { panic("%s", format); }
#endif
}
