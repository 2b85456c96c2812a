#include "lib/lib.hh"

extern "C" {
void pgfault_upcall();                  // lib/pgfault_entry.S
void (*pgfault_handler)(UTrapframe* frame) = nullptr;
}

namespace {

int set_upcall(const void* function) { return sys_env_set_pgfault_upcall(0, function); }

int allocate_exception_stack()
{
    auto* const stack = reinterpret_cast<void*>(UXSTACKTOP - page_size);
    return page_table_entry(address_of(stack)) != 0
        ? 0
        : sys_page_alloc(0, stack, PTE_P | PTE_U | PTE_W);
}

}   // namespace

void set_pgfault_handler(void (*handler)(UTrapframe* frame))
{
    if (handler == nullptr) {
        set_upcall(nullptr);
    } else if (pgfault_handler == nullptr) {
        int result = allocate_exception_stack();
        if (result == 0) {
            result = set_upcall(reinterpret_cast<const void*>(pgfault_upcall));
        }
        if (result < 0) {
            panic("no stack for page faults: %s", error_text(result));
        }
    }
    pgfault_handler = handler;
}
