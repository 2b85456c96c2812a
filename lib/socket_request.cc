#include "lib/socket_request.hh"

#include "inc/mmu.h"
#include "lib/socket.hh"

namespace {

// Whose the request pages are. They are shared (PTE_SHARE) so that a fork does not turn them
// copy-on-write; a child makes itself new ones before its first request. All are made at once: a
// program's memory must not depend on which calls it has made so far.
constinit envid_t pages_owner = 0;
constinit envid_t server = 0;

uint32_t pages_for_request(size_t bytes)
{
    return static_cast<uint32_t>(pages_for(sizeof(SocketRequest) + bytes));
}

// The core server: of the network server's environments the one that none of them started.
envid_t find_server()
{
    const auto is_ns = [](const volatile Env& env) {
        return env.env_status != EnvStatus::free && env.env_type == EnvType::ns;
    };
    for (const volatile Env& env : envs) {
        const volatile Env& parent = envs[env_index(env.env_parent_id)];
        const bool started_by_ns = is_ns(parent) && parent.env_id == env.env_parent_id;
        if (is_ns(env) && !started_by_ns) {
            return env.env_id;
        }
    }
    return 0;
}

} // namespace

int have_request_pages()
{
    const envid_t self = thisenv->env_id;
    if (pages_owner == self) {
        return 0;
    }
    const int result = sys_page_alloc_run(0, &shared_request(), max_request_pages,
                                          PTE_P | PTE_U | PTE_W | PTE_SHARE);
    if (result == 0) {
        pages_owner = self;
    }
    return result;
}

int call_network_at(SocketRequest* request, uint32_t code, size_t bytes, PageRun window)
{
    if (server == 0) {
        server = find_server();
        if (server == 0) {
            return to_abi(Error::not_found);
        }
    }
    const PageRun run = PageRun::at(reinterpret_cast<uintptr_t>(request), pages_for_request(bytes));
    const IpcMessage answer = ipc_call(server, code, run, window);
    if (answer.from == to_abi(Error::bad_env) || answer.from == to_abi(Error::peer_died)) {
        server = 0;
        return to_abi(Error::not_found);
    }
    return answer.from < 0 ? answer.from : static_cast<int>(answer.value);
}

int call_network(uint32_t code, const SocketRequest& request, size_t bytes, PageRun window)
{
    if (const int result = have_request_pages(); result < 0) {
        return result;
    }
    shared_request() = request;
    return call_network_at(&shared_request(), code, bytes, window);
}

SocketRequest request_for(const Fd& fd, int flags)
{
    SocketRequest request;
    request.socket = fd.fd_object;
    request.ticket = fd.fd_ticket;
    if ((fd.fd_omode & O_NONBLOCK) != 0 || (flags & MSG_DONTWAIT) != 0) {
        request.flags |= request_no_wait;
    }
    if ((flags & MSG_PEEK) != 0) {
        request.flags |= request_peek;
    }
    return request;
}

int find_socket(int number, Fd** fd)
{
    if (const int result = fd_lookup(number, fd); result < 0) {
        return result;
    }
    return (*fd)->fd_dev_id == socket_device.id ? 0 : to_abi(Error::bad_descriptor);
}
