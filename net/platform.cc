// The core server's system: JOS.
#include "net/platform.hh"

#include "lib/lib.hh"
#include "net/descriptor.hh"
#include "net/main.hh"
#include "net/ns.hh"
#include "net/protocol.hh"
#include "net/socket_table.hh"

namespace platform {

// The answer that goes out with the next wait.
static Answer held;

uint32_t now_ms() { return time_ms(); }

// A generator whose state takes in the cycle counter at each call (the processor has no random
// numbers of its own to ask for): what an observer would have to know is every interrupt's timing.
uint64_t random()
{
    static uint64_t state;
    uint64_t value = state += __builtin_ia32_rdtsc() * 0x9E3779B97F4A7C15 + 0xD1B54A32D192ED03;
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
    return value ^ (value >> 31);
}

void answer(envid_t client, int32_t value, PageRun pages)
{
    flush_answers();
    held = {client, static_cast<uint32_t>(value), pages};
}

void flush_answers()
{
    if (held.client != 0) {
        ipc_reply(held.client, held.value, held.pages);
        held = {};
    }
}

Answer take_held_answer()
{
    const Answer answer = held;
    held = {};
    return answer;
}

bool is_alive(envid_t env)
{
    const volatile Env& entry = envs[env_index(env)];
    return entry.env_id == env && entry.env_status != EnvStatus::free
        && entry.env_status != EnvStatus::dying;
}

bool card_status(NetInfo& card, NetRings& rings)
{
    if (sys_net_info(&card) == 0 && sys_net_rings(&rings) == 0) {
        return true;
    }
    card = {};
    rings = {};
    return false;
}

bool is_shared(const void* page)
{
    return page_references(reinterpret_cast<uintptr_t>(page)) > 1;
}

void set_multicast(std::span<const EthernetAddress> addresses)
{
    const int result = sys_net_multicast(addresses.data(), static_cast<uint32_t>(addresses.size()));
    if (result < 0 && result != to_abi(Error::no_device)) {
        cprintf("ns: cannot set the card's multicast addresses: %s\n", error_text(result));
    }
}

static_assert(max_request_pages <= max_message_pages && max_batch_pages <= max_message_pages);
static_assert((fd_data_pages - request_windows) / (max_message_pages * page_size) > max_envs);
static_assert(descriptor_pages + max_sockets * page_size <= request_windows);

std::byte* request_window(uint32_t index)
{
    return reinterpret_cast<std::byte*>(request_windows
                                        + uintptr_t{index} * max_message_pages * page_size);
}

void release_window(uint32_t index, uint32_t count)
{
    if (count > 0) {
        sys_page_unmap_run(0, request_window(index), count);
    }
}

static SocketDescriptor* descriptor(uint32_t slot)
{
    return reinterpret_cast<SocketDescriptor*>(descriptor_pages + uintptr_t{slot} * page_size);
}

bool make_descriptor(uint32_t slot, uint64_t ticket, uint32_t kind, uint32_t family)
{
    SocketDescriptor* page = descriptor(slot);
    if (sys_page_alloc(0, page, PTE_P | PTE_U | PTE_W | PTE_SHARE) < 0) {
        return false;
    }
    page->fd.fd_dev_id = socket_device_id;
    page->fd.fd_omode = O_RDWR;
    page->fd.fd_object = slot;
    page->fd.fd_ticket = ticket;
    page->kind = kind;
    page->family = family;
    return true;
}

unsigned descriptor_holders(uint32_t slot)
{
    return page_references(reinterpret_cast<uintptr_t>(descriptor(slot))) - 1;
}

PageRun descriptor_run(uint32_t slot)
{
    return PageRun::at(reinterpret_cast<uintptr_t>(descriptor(slot)), 1);
}

void free_descriptor(uint32_t slot) { sys_page_unmap(0, descriptor(slot)); }

} // namespace platform
