// Where C++ begins in a program: lib/entry.S calls libmain.
#include "lib/program.hh"
#include "lib/syscall.hh"

const volatile Env* thisenv = nullptr;
const char* binaryname = "<unknown>";

// Constructors of globals, gathered by the linker (user/user.ld).
extern "C" void (*const __init_array_start[])();
extern "C" void (*const __init_array_end[])();

extern "C" [[noreturn]] void libmain(int argc, char** argv)
{
    thisenv = &envs[env_index(sys_getenvid())];
    if (argc > 0) {
        binaryname = argv[0];
    }
    for (auto* constructor = __init_array_start; constructor < __init_array_end; constructor++) {
        (*constructor)();
    }
    umain(argc, argv);
    exit(0);
}
