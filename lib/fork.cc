// fork: the child shares the parent's pages; those that either may write are copied by whoever
// writes first, from a page-fault handler of the program itself.
#include "inc/mmu.h"
#include "inc/string.hh"
#include "lib/lib.hh"

extern "C" void pgfault_upcall();       // lib/pgfault_entry.S

namespace {

constexpr uint32_t user_page = PTE_P | PTE_U;

std::byte* page_at(size_t number) { return reinterpret_cast<std::byte*>(number << page_shift); }

int quiet_fault_status = 0;             // 0: other faults are told as a panic

// Gives this environment its own copy of a copy-on-write page it wrote to.
void copy_on_write(UTrapframe* fault)
{
    const uintptr_t va = fault->utf_fault_va;
    if ((fault->utf_err & FEC_WR) == 0 || (page_table_entry(va) & PTE_COW) == 0) {
        if (quiet_fault_status != 0) {
            sys_exit(quiet_fault_status);
        }
        panic("page fault at %08x, eip %08x, error %x: not a write to a copy-on-write page",
              static_cast<unsigned>(va), static_cast<unsigned>(fault->utf_eip),
              static_cast<unsigned>(fault->utf_err));
    }
    auto* const page = reinterpret_cast<void*>(round_down(va, page_size));
    auto* const copy = reinterpret_cast<void*>(PFTEMP);
    int result = sys_page_alloc(0, copy, user_page | PTE_W);
    if (result == 0) {
        memcpy(copy, page, page_size);
        result = sys_page_map(0, copy, 0, page, user_page | PTE_W);
    }
    sys_page_unmap(0, copy);
    if (result < 0) {
        panic("copy on write at %08x: %s", static_cast<unsigned>(va), error_text(result));
    }
}

// A descriptor's pages are shared even if spawn does not hand the descriptor on.
bool belongs_to_descriptor(size_t number)
{
    return number >= fd_data_pages >> page_shift &&
           number < (fd_table >> page_shift) + max_fds;
}

// Maps one of our pages in the child: shared if it is meant to be, else copy-on-write in both.
int duplicate_page(envid_t child, size_t number)
{
    const uint32_t entry = uvpt[number];
    std::byte* const page = page_at(number);
    if ((entry & PTE_SHARE) != 0 || belongs_to_descriptor(number)) {
        return sys_page_map(0, page, child, page, entry & PTE_SYSCALL);
    }
    if ((entry & (PTE_W | PTE_COW)) == 0) {
        return sys_page_map(0, page, child, page, user_page | (entry & PTE_AVAIL));
    }
    constexpr uint32_t rights = user_page | PTE_COW;
    if (const int result = sys_page_map(0, page, child, page, rights); result < 0) {
        return result;
    }
    return sys_page_map(0, page, 0, page, rights);
}

int duplicate_address_space(envid_t child)
{
    constexpr size_t exception_stack = (UXSTACKTOP - page_size) >> page_shift;
    for (size_t number = 0; number < exception_stack; ++number) {
        if ((uvpd[number >> 10] & PTE_P) == 0) {
            number |= 0x3FF;            // nothing in these 4 MiB
            continue;
        }
        if ((uvpt[number] & user_page) == user_page) {
            if (const int result = duplicate_page(child, number); result < 0) {
                return result;
            }
        }
    }
    return 0;
}

int prepare_child(envid_t child)
{
    auto* const stack = page_at((UXSTACKTOP - page_size) >> page_shift);
    if (const int result = sys_page_alloc(child, stack, user_page | PTE_W); result < 0) {
        return result;
    }
    const auto* const upcall = reinterpret_cast<const void*>(pgfault_upcall);
    if (const int result = sys_env_set_pgfault_upcall(child, upcall); result < 0) {
        return result;
    }
    if (const int result = duplicate_address_space(child); result < 0) {
        return result;
    }
    return sys_env_set_status(child, EnvStatus::runnable);
}

}   // namespace

void end_quietly_on_faults(int status)
{
    quiet_fault_status = status;
}

envid_t fork()
{
    set_pgfault_handler(copy_on_write);
    const envid_t child = sys_exofork();
    if (child == 0) {
        thisenv = &envs[env_index(sys_getenvid())];
        return 0;
    }
    if (child < 0) {
        return child;
    }
    if (const int result = prepare_child(child); result < 0) {
        sys_env_destroy(child);
        return result;
    }
    return child;
}
