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
}
