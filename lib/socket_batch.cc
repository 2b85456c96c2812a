#include "lib/socket_batch.hh"

#include "inc/mmu.h"
#include "lib/socket_address.hh"
#include "lib/socket_request.hh"
#include "lib/syscall.hh"

static_assert(sizeof(SocketRequest) % alignof(BatchEntry) == 0);

int SocketBatch::open(uintptr_t address, size_t bytes)
{
    if (address % page_size != 0 || bytes == 0
        || entry_bytes + bytes > max_batch_pages * page_size) {
        return to_abi(Error::invalid_argument);
    }
    first_ = reinterpret_cast<std::byte*>(address);
    bytes_ = bytes;
    return sys_page_alloc_run(0, first_, static_cast<uint32_t>(pages_for(entry_bytes + bytes)),
                              PTE_P | PTE_U | PTE_W | PTE_SHARE);
}

void SocketBatch::clear()
{
    calls_ = 0;
    used_ = 0;
    accepting_ = -1;
}

int SocketBatch::add(int fd, uint32_t code, const std::byte* bytes, size_t size, Await await,
                     uint32_t flags)
{
    Fd* found = nullptr;
    if (const int result = find_socket(fd, &found); result < 0) {
        return result;
    }
    const size_t first = bytes == nullptr ? 0 : static_cast<size_t>(bytes - data());
    if (calls_ == max_calls || first > bytes_ || size > bytes_ - first) {
        return to_abi(Error::invalid_argument);
    }
    used_ = first + size > used_ ? first + size : used_;
    BatchEntry& entry = entries()[calls_];
    entry.request = request_for(*found);
    entry.request.flags |= flags;
    entry.request.size = static_cast<uint32_t>(size);
    entry.code = code;
    entry.offset = static_cast<uint32_t>(entry_bytes + first);
    entry.result = to_abi(Error::try_again);
    entry.awaited = static_cast<uint32_t>(await);
    return static_cast<int>(calls_++);
}

int SocketBatch::receive(int fd, std::byte* to, size_t size, Await await)
{
    return add(fd, NSREQ_RECV, to, size, await);
}

int SocketBatch::send(int fd, const std::byte* from, size_t size, Await await)
{
    return add(fd, NSREQ_SEND, from, size, await);
}

int SocketBatch::receive_many(int fd, std::byte* to, size_t size, Await await)
{
    return add(fd, NSREQ_RECV, to, size, await, request_many);
}

int SocketBatch::send_many(int fd, const std::byte* from, size_t size, Await await)
{
    return add(fd, NSREQ_SEND, from, size, await, request_many | request_has_address);
}

int SocketBatch::wait_for(int fd, int16_t events, Await await)
{
    const int call = add(fd, NSREQ_POLL, nullptr, 0, await);
    if (call >= 0) {
        entries()[call].request.argument[0] = static_cast<uint16_t>(events);
    }
    return call;
}

int SocketBatch::accept(int fd, Await await)
{
    if (accepting_ >= 0) {
        return to_abi(Error::invalid_argument);
    }
    if (const int result = fd_alloc(&accepted_); result < 0) {
        return result;
    }
    accepting_ = add(fd, NSREQ_ACCEPT, nullptr, 0, await);
    return accepting_;
}

// Lets go of the descriptor now: the server ends the socket if we were the last to hold it.
int SocketBatch::close(int fd)
{
    const int call = add(fd, NSREQ_CLOSE, nullptr, 0, Await::no);
    if (call >= 0) {
        Fd* found = nullptr;
        fd_lookup(fd, &found);
        sys_page_unmap(0, found);
    }
    return call;
}

int SocketBatch::submit(int timeout_ms)
{
    auto* const request = reinterpret_cast<SocketRequest*>(first_);
    *request = {};
    request->argument[0] = calls_;
    request->argument[1] = timeout_ms < 0 ? wait_forever : static_cast<uint32_t>(timeout_ms);
    const size_t bytes = used_ > 0 ? entry_bytes + used_
                                   : sizeof(SocketRequest) + calls_ * sizeof(BatchEntry);
    const PageRun window = accepting_ >= 0 ? PageRun::at(reinterpret_cast<uintptr_t>(accepted_), 1)
                                           : PageRun::none();
    const int done = call_network_at(request, NSREQ_BATCH, bytes - sizeof(SocketRequest), window);
    waiting_ = 0;
    if (accepting_ >= 0 && entries()[accepting_].result >= 0) {
        waiting_ = entries()[accepting_].result;
        entries()[accepting_].result = fd2num(accepted_);
    }
    return done;
}

int SocketBatch::result(int call) const
{
    return call < 0 ? call : entries()[call].result;
}

Endpoint SocketBatch::address(int call) const
{
    Endpoint peer;
    write_socket_address(entries()[call].request.address, AF_INET6, peer.to_fill(),
                         peer.size_to_fill());
    return peer;
}
