// Grows a binary tree of environments; each is named by the way to it.
#include "lib/lib.hh"

static constexpr size_t depth = 3;

static void grow(const char* name);

static void fork_child(const char* name, char branch)
{
    if (strlen(name) >= depth) {
        return;
    }
    char child_name[depth + 1];
    snprintf(child_name, sizeof child_name, "%s%c", name, branch);
    if (fork() == 0) {
        grow(child_name);
        exit();
    }
}

static void grow(const char* name)
{
    cprintf("%04x: I am '%s'\n", static_cast<unsigned>(sys_getenvid()), name);
    fork_child(name, '0');
    fork_child(name, '1');
}

void umain(int, char**)
{
    grow("");
}
