#include "lib/socket_batch.hh"

#include <algorithm>

#include "inc/mmu.h"
#include "lib/socket_address.hh"
#include "lib/socket_request.hh"
#include "lib/syscall.hh"

static_assert(sizeof(SocketRequest) % alignof(BatchEntry) == 0);

// Of memory for the request and its entries, in whole pages.
static constexpr size_t bytes_for(uint32_t calls)
{
    return round_up(sizeof(SocketRequest) + calls * sizeof(BatchEntry), page_size);
}
static constexpr size_t max_entry_bytes = bytes_for(max_batch_entries);
static constexpr size_t max_data_bytes = max_batch_pages * page_size - max_entry_bytes;

// Takes memory from `from` up to `to`, both at a page's start; may be none.
static int take_memory(std::byte* from, std::byte* to)
{
    const auto count = static_cast<uint32_t>((to - from) / static_cast<ptrdiff_t>(page_size));
    return count == 0 ? 0 : sys_page_alloc_run(0, from, count, PTE_P | PTE_U | PTE_W | PTE_SHARE);
}

int SocketBatch::open(uintptr_t address, uint32_t calls, size_t bytes)
{
    if (address % page_size != 0) {
        return to_abi(Error::invalid_argument);
    }
    data_ = reinterpret_cast<std::byte*>(address) + max_entry_bytes;
    const int result = grow(calls, bytes);
    clear();
    return result;
}

int SocketBatch::grow(uint32_t calls, size_t bytes)
{
    if (calls > max_batch_entries || bytes > max_data_bytes) {
        return to_abi(Error::invalid_argument);
    }
    const size_t before = std::max(entry_bytes_, bytes_for(calls));
    const size_t behind = std::max(bytes_, round_up(bytes, page_size));
    int result = take_memory(data_ + bytes_, data_ + behind);
    if (result < 0) {
        return result;
    }
    bytes_ = behind;
    result = take_memory(data_ - before, data_ - entry_bytes_);
    if (result < 0) {
        return result;
    }
    entry_bytes_ = before;
    return 0;
}

void SocketBatch::clear()
{
    first_ = data_ - entry_bytes_;
    max_calls_ = static_cast<uint32_t>((entry_bytes_ - sizeof(SocketRequest))
                                       / sizeof(BatchEntry));
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
    if (calls_ == max_calls_ || first > bytes_ || size > bytes_ - first) {
        return to_abi(Error::invalid_argument);
    }
    used_ = first + size > used_ ? first + size : used_;
    BatchEntry& entry = entries()[calls_];
    entry.request = request_for(*found);
    entry.request.flags |= flags;
    entry.request.size = static_cast<uint32_t>(size);
    entry.code = code;
    entry.offset = static_cast<uint32_t>(static_cast<size_t>(data_ - first_) + first);
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

// Whether the number found for the last accept() is still free: looking for another costs time.
bool SocketBatch::accepted_is_free() const
{
    return accepted_ != nullptr
        && (page_table_entry(reinterpret_cast<uintptr_t>(accepted_)) & PTE_P) == 0;
}

int SocketBatch::accept(int fd, Await await)
{
    if (accepting_ >= 0) {
        return to_abi(Error::invalid_argument);
    }
    if (!accepted_is_free()) {
        if (const int result = fd_alloc(&accepted_); result < 0) {
            return result;
        }
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
    const size_t bytes = used_ > 0 ? static_cast<size_t>(data_ - first_) + used_
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
