// Pages: allocating, mapping, unmapping, and what must be refused.
#include "user/guesttest/test.hh"

namespace {

constexpr uintptr_t bad_page_addresses[] = {1, 0x50000001, 0x50000800, UTOP, UENVS, UVPT, ULIM,
                                            KERNBASE, 0xFFFFF000, 0xFFFFFFFF};
constexpr uint32_t bad_rights[] = {0, PTE_P, PTE_U, PTE_W, page_rights | PTE_PS,
                                   page_rights | PTE_PCD, page_rights | PTE_G, 0xFFFFFFFF};
constexpr envid_t bad_environments[] = {-1, 1, 0x7FFFFFFF, 0x40000001};

void alloc(unsigned number)
{
    check_result(sys_page_alloc(0, scratch_page(number), page_rights), "page_alloc");
}

void fresh_pages_are_zero()
{
    for (int round = 0; round < 20; round++) {
        alloc(0);
        auto* words = scratch_page<uint32_t>();
        for (size_t i = 0; i < page_size / sizeof *words; i++) {
            check(words[i] == 0, "a fresh page holds something");
            words[i] = 0xA5A5A5A5;
        }
        check_result(sys_page_unmap(0, scratch_page()), "page_unmap");
    }
}

void mapped_pages_are_shared()
{
    alloc(0);
    check_equal(page_references(address_of(scratch_page(0))), 1, "references of a fresh page");
    check_result(sys_page_map(0, scratch_page(0), 0, scratch_page(1), PTE_P | PTE_U), "page_map");
    check_equal(page_references(address_of(scratch_page(1))), 2, "references of a shared page");
    strcpy(scratch_page(0), "shared");
    check(strcmp(scratch_page(1), "shared") == 0, "a write does not show in the other mapping");
    check_result(sys_page_unmap(0, scratch_page(0)), "page_unmap");
    check(strcmp(scratch_page(1), "shared") == 0, "the page was lost with its first mapping");
    check_equal(page_references(address_of(scratch_page(1))), 1, "references after an unmap");
}

void alloc_refuses()
{
    for (const uintptr_t address : bad_page_addresses) {
        check_error(sys_page_alloc(0, pointer(address), page_rights), Error::invalid_argument,
                    "page_alloc at a bad address");
    }
    for (const uint32_t rights : bad_rights) {
        check_error(sys_page_alloc(0, scratch_page(), rights), Error::invalid_argument,
                    "page_alloc with bad rights");
    }
    for (const envid_t env : bad_environments) {
        check_error(sys_page_alloc(env, scratch_page(), page_rights), Error::bad_env,
                    "page_alloc for a wrong environment");
    }
    check_error(sys_page_alloc(thisenv->env_parent_id, scratch_page(), page_rights),
                Error::bad_env, "page_alloc for the parent");
}

void map_refuses()
{
    alloc(0);
    for (const uintptr_t address : bad_page_addresses) {
        check_error(sys_page_map(0, pointer(address), 0, scratch_page(1), page_rights),
                    Error::invalid_argument, "page_map from a bad address");
        check_error(sys_page_map(0, scratch_page(0), 0, pointer(address), page_rights),
                    Error::invalid_argument, "page_map to a bad address");
    }
    for (const uint32_t rights : bad_rights) {
        check_error(sys_page_map(0, scratch_page(0), 0, scratch_page(1), rights),
                    Error::invalid_argument, "page_map with bad rights");
    }
    for (const envid_t env : bad_environments) {
        check_error(sys_page_map(env, scratch_page(0), 0, scratch_page(1), page_rights),
                    Error::bad_env, "page_map from a wrong environment");
        check_error(sys_page_map(0, scratch_page(0), env, scratch_page(1), page_rights),
                    Error::bad_env, "page_map to a wrong environment");
    }
    check_error(sys_page_map(0, scratch_page(9), 0, scratch_page(1), page_rights),
                Error::invalid_argument, "page_map of nothing");
    check_result(sys_page_map(0, scratch_page(0), 0, scratch_page(2), PTE_P | PTE_U), "page_map");
    check_error(sys_page_map(0, scratch_page(2), 0, scratch_page(1), page_rights),
                Error::invalid_argument, "page_map that makes a read-only page writable");
}

void unmap_refuses()
{
    for (const uintptr_t address : bad_page_addresses) {
        check_error(sys_page_unmap(0, pointer(address)), Error::invalid_argument,
                    "page_unmap at a bad address");
    }
    for (const envid_t env : bad_environments) {
        check_error(sys_page_unmap(env, scratch_page()), Error::bad_env,
                    "page_unmap for a wrong environment");
    }
    check_result(sys_page_unmap(0, scratch_page(5)), "page_unmap of nothing");
}

void runs_are_whole()
{
    constexpr uint32_t count = 100;
    check_result(sys_page_alloc_run(0, scratch_page(), count, page_rights), "page_alloc_run");
    for (unsigned i = 0; i < count; i++) {
        *scratch_page<unsigned>(i) = i;
    }
    for (unsigned i = 0; i < count; i++) {
        check(*scratch_page<unsigned>(i) == i, "two pages of a run are the same");
    }
    check_result(sys_page_unmap_run(0, scratch_page(), count), "page_unmap_run");
    for (unsigned i = 0; i < count; i++) {
        check(page_table_entry(address_of(scratch_page(i))) == 0, "page_unmap_run left a page");
    }
    check_result(sys_page_alloc_run(0, scratch_page(), 0, page_rights), "a run of no pages");
    for (const uint32_t huge : {0x7FFFFFFFu, 0x80000000u, 0xFFFFFFFFu, 0x100000u}) {
        check_error(sys_page_alloc_run(0, scratch_page(), huge, page_rights),
                    Error::invalid_argument, "page_alloc_run beyond UTOP");
        check_error(sys_page_unmap_run(0, scratch_page(), huge), Error::invalid_argument,
                    "page_unmap_run beyond UTOP");
    }
    check_error(sys_page_alloc_run(0, pointer(UTOP - page_size), 2, page_rights),
                Error::invalid_argument, "page_alloc_run across UTOP");
}

// Takes every page there is; returns how many.
uint32_t take_all_memory()
{
    uint32_t taken = 0;
    for (uint32_t count = 256; count > 0;) {
        const int result = sys_page_alloc_run(0, scratch_page(taken), count, page_rights);
        if (result == 0) {
            taken += count;
        } else {
            check_error(result, Error::no_memory, "page_alloc_run when memory is used up");
            count /= 2;
        }
    }
    return taken;
}

void exhaustion_is_an_error()
{
    const uint32_t taken = take_all_memory();
    check(taken > 1000, "no memory from the start");
    check_error(sys_page_alloc(0, scratch_page(taken + 5000), page_rights), Error::no_memory,
                "page_alloc without memory");
    check_error(sys_page_map(0, scratch_page(0), 0, pointer(0x10000000), page_rights),
                Error::no_memory, "page_map that needs a page table without memory");
    check_error(sys_exofork(), Error::no_memory, "exofork without memory");
    check_result(sys_page_unmap_run(0, scratch_page(), taken), "page_unmap_run");
    check_result(sys_page_alloc(0, scratch_page(), page_rights), "page_alloc after all was freed");
}

void fork_without_memory_fails_cleanly()
{
    const uint32_t taken = take_all_memory();
    check_result(sys_page_unmap_run(0, scratch_page(), 8), "page_unmap_run");
    check_error(fork(), Error::no_memory, "fork with eight pages left");
    check_result(sys_page_unmap_run(0, scratch_page(), taken), "page_unmap_run");
    check_equal(status_of([] {}), 0, "a child after memory came back");
}

} // namespace

static constexpr Test tests[] = {
    {"memory: fresh pages are zero", fresh_pages_are_zero},
    {"memory: mapped pages are shared", mapped_pages_are_shared},
    {"memory: page_alloc refuses bad arguments", alloc_refuses},
    {"memory: page_map refuses bad arguments", map_refuses},
    {"memory: page_unmap refuses bad arguments", unmap_refuses},
    {"memory: runs of pages", runs_are_whole},
    {"memory: using it up is an error", exhaustion_is_an_error},
    {"memory: fork without it fails cleanly", fork_without_memory_fails_cleanly},
};
const std::span<const Test> memory_tests = tests;
