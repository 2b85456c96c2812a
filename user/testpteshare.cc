// Pages with PTE_SHARE are one page in parent and child, whether the child comes from fork or from
// spawn.
#include "lib/lib.hh"

static char* const shared = reinterpret_cast<char*>(0xA0000000);
static constexpr const char* from_fork = "hello, world\n";
static constexpr const char* from_spawn = "goodbye, world\n";

static void check(const char* how, const char* expected)
{
    cprintf("%s handles PTE_SHARE %s\n", how, strcmp(shared, expected) == 0 ? "right" : "wrong");
}

void umain(int argc, char**)
{
    if (argc > 1) {                     // the spawned child
        strcpy(shared, from_spawn);
        return;
    }
    must(sys_page_alloc(0, shared, PTE_P | PTE_U | PTE_W | PTE_SHARE), "allocate a page");

    envid_t child = fork();
    must(child, "fork");
    if (child == 0) {
        strcpy(shared, from_fork);
        exit();
    }
    wait(child);
    check("fork", from_fork);

    child = spawnl("/bin/testpteshare", "testpteshare", "arg", nullptr);
    must(child, "spawn");
    wait(child);
    check("spawn", from_spawn);
}
