// Copies of a program: what is shared, what is not, and how many there can be.
#include "user/guesttest/test.hh"

namespace {

int variable = 1;
char big[64 * PGSIZE];

void copies_are_apart()
{
    variable = 1;
    const envid_t child = start_child([] {
        check_equal(variable, 1, "a variable in the child");
        variable = 2;
        check_result(sys_sleep(50), "sleep");
        check_equal(variable, 2, "the child's variable after the parent changed its own");
    });
    variable = 3;
    check_equal(wait_for(child), 0, "status of the child");
    check_equal(variable, 3, "the parent's variable after the child changed its own");
}

void big_data_is_copied()
{
    for (size_t i = 0; i < sizeof big; i++) {
        big[i] = static_cast<char>(i / page_size);
    }
    const int status = status_of([] {
        for (size_t i = 0; i < sizeof big; i += 97) {
            check(big[i] == static_cast<char>(i / page_size), "the child's data is not its parent's");
            big[i] = 'x';
        }
    });
    check_equal(status, 0, "status of the child");
    for (size_t i = 0; i < sizeof big; i += 97) {
        check(big[i] == static_cast<char>(i / page_size), "the child changed its parent's data");
    }
}

void shared_pages_are_shared()
{
    check_result(sys_page_alloc(0, scratch_page(), page_rights | PTE_SHARE), "page_alloc");
    check_equal(status_of([] { strcpy(scratch_page(), "from the child"); }), 0, "status");
    check(strcmp(scratch_page(), "from the child") == 0, "a PTE_SHARE page was copied");
}

void read_only_pages_stay_so()
{
    check_result(sys_page_alloc(0, scratch_page(), page_rights), "page_alloc");
    check_result(sys_page_map(0, scratch_page(), 0, scratch_page(), PTE_P | PTE_U), "page_map");
    const int status = status_of([] {
        sys_env_set_pgfault_upcall(0, nullptr);
        *scratch_page<volatile char>() = 1;
    });
    check_equal(status, fault_status + T_PGFLT, "status after a write to a read-only page");
}

void system_calls_write_to_copies()
{
    static MemoryInfo info;
    info.total_pages = 7;
    const int status = status_of([] {
        check_result(sys_memory_info(&info), "memory_info into a copy-on-write page");
        check(info.total_pages > 7, "memory_info stored nothing");
    });
    check_equal(status, 0, "status of the child");
    check_equal(static_cast<long>(info.total_pages), 7, "the parent's structure");
}

int descend(int depth)
{
    if (depth == 0) {
        return 42;
    }
    const envid_t child = fork();
    if (child == 0) {
        exit(descend(depth - 1));
    }
    check_result(child, "fork");
    return wait_for(child);
}

void generations()
{
    check_equal(descend(20), 42, "status handed through 20 generations");
}

// Makes children until there can be no more; all of them sleep until they are destroyed.
void environments_run_out()
{
    static envid_t children[max_envs];
    int count = 0;
    int result = 0;
    while (count < max_envs && (result = sys_exofork()) > 0) {
        children[count++] = result;
    }
    check(result == to_abi(Error::no_free_env) || result == to_abi(Error::no_memory),
          "exofork did not run out of environments");
    check(count > 100, "only a few environments");
    for (int i = 0; i < count; i++) {
        check_result(sys_env_destroy(children[i]), "env_destroy");
    }
    check_equal(status_of([] {}), 0, "a child after all that");
}

void many_children_come_and_go()
{
    for (int i = 0; i < 200; i++) {
        check_equal(status_of([i] { exit(i & 0x7F); }), i & 0x7F, "status of one of many children");
    }
}

} // namespace

static constexpr Test tests[] = {
    {"fork: copies are apart", copies_are_apart},
    {"fork: big data is copied on write", big_data_is_copied},
    {"fork: PTE_SHARE pages are shared", shared_pages_are_shared},
    {"fork: read-only pages stay read-only", read_only_pages_stay_so},
    {"fork: system calls write to the caller's copy", system_calls_write_to_copies},
    {"fork: twenty generations", generations},
    {"fork: environments run out with an error", environments_run_out},
    {"fork: many children come and go", many_children_come_and_go},
};
const std::span<const Test> fork_tests = tests;
