// Where C++ begins in a program: lib/entry.S calls libmain.
#include "lib/program.hh"
#include "lib/syscall.hh"

const volatile Env* thisenv = nullptr;
const char* binaryname = "<unknown>";

extern "C" [[noreturn]] void libmain(int argc, char** argv)
{
    thisenv = &envs[env_index(sys_getenvid())];
    if (argc > 0) {
        binaryname = argv[0];
    }
    umain(argc, argv);
    exit(0);
}
