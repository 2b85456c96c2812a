#include "lib/ipc.hh"

#include "inc/mmu.h"
#include "lib/lib.hh"

void ipc_send(envid_t to, uint32_t value, void* page, uint32_t perm)
{
    const PageRun run = page != nullptr ? PageRun::at(address_of(page), 1, (perm & PTE_W) != 0)
                                        : PageRun::none();
    if (const int result = sys_ipc_send(to, value, run, wait_forever); result < 0) {
        panic("ipc_send to %08x: %s", static_cast<unsigned>(to), error_text(result));
    }
}

int32_t ipc_recv(envid_t* from, void* page, int* perm)
{
    const PageRun window = page != nullptr ? PageRun::at(address_of(page), 1) : PageRun::none();
    const IpcMessage message = ipc_wait(window);
    const bool received = message.from > 0;
    if (from != nullptr) {
        *from = received ? message.from : 0;
    }
    if (perm != nullptr) {
        const int rights = PTE_P | PTE_U | (message.pages.writable() ? PTE_W : 0);
        *perm = received && message.pages.count() > 0 ? rights : 0;
    }
    return received ? static_cast<int32_t>(message.value) : message.from;
}

envid_t ipc_find_env(EnvType type)
{
    for (const volatile Env& env : envs) {
        if (env.env_status != EnvStatus::free && env.env_type == type) {
            return env.env_id;
        }
    }
    return 0;
}
