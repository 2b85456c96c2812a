// What the compiler's output asks of a C++ runtime.
#include <cstddef>
#include <string_view>

#include "kern/debug/panic.hh"

extern "C" {

// Statics with destructors register them here; the kernel never ends, so they never run.
void* __dso_handle = nullptr;
int __cxa_atexit(void (*)(void*), void*, void*) { return 0; }

void __cxa_pure_virtual() { panic("a pure virtual function was called"); }

}   // extern "C"

void operator delete(void*) noexcept { panic("the kernel has no heap"); }
void operator delete(void*, size_t) noexcept { panic("the kernel has no heap"); }

// What libstdc++'s headers call where the host's library would throw.
namespace std {
void __throw_out_of_range_fmt(const char* format, ...) { panic("%s", format); }
}
