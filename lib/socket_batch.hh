// Several socket calls in one message to the network server: a server of many clients does with
// one what else takes a poll, and a recv and a send for each of them.
//
//     batch.clear();
//     const int request = batch.receive(client, batch.data(), 2048);
//     const int newcomer = batch.accept(listener);
//     batch.submit(-1);                // until one of them is done
//     if (batch.result(request) > 0) { ... }
//
// The calls are done in order and none of them waits: a result of try_again says that it is not
// done. submit() waits, for at most as long as it is told, until a call is done that was added
// with Await::yes, or one of the others failed, or sent only a part or nothing. Bytes lie in the
// batch's own memory and are not copied between the program and the server.
#pragma once
#include <cstddef>
#include <cstdint>

#include "inc/types.hh"
#include "lib/endpoint.hh"
#include "lib/fd.hh"
#include "net/protocol.hh"

class SocketBatch {
public:
    enum class Await : uint32_t { no = 0, yes = 1 };

    // Takes memory behind `address` (a multiple of the page size) for up to `calls` calls a turn
    // and `bytes` of data(). 0, no_memory, invalid_argument.
    int open(uintptr_t address, uint32_t calls, size_t bytes);
    // Takes more memory, so that from the next clear() on there is room for so many; data() stays
    // where it is. Errors as above: then all is as before.
    int grow(uint32_t calls, size_t bytes);
    std::byte* data() const { return data_; }

    void clear();

    // Each returns the number of the call, by which its result is asked for, or a negative error.
    // `to` and `from` lie in data().
    int receive(int fd, std::byte* to, size_t size, Await await = Await::yes);
    int send(int fd, const std::byte* from, size_t size, Await await = Await::no);
    // Datagrams, each behind its DatagramRecord, as many as there are and fit (message_size: the
    // first does not); the result is how many. What send_many cannot send is lost.
    int receive_many(int fd, std::byte* to, size_t size, Await await = Await::yes);
    int send_many(int fd, const std::byte* from, size_t size, Await await = Await::no);
    int wait_for(int fd, int16_t events, Await await = Await::yes);     // the result: events
    // The result: a descriptor. One a batch; waiting() others are there for the socket call.
    int accept(int fd, Await await = Await::yes);
    int waiting() const { return waiting_; }
    int close(int fd);                                  // at once, whatever the server says

    // The negative error of the batch itself, or how many calls are done; 0: the time was up first,
    // and the results say which of those are that were not awaited; or a send could not begin.
    int submit(int timeout_ms);
    int result(int call) const;
    Endpoint address(int call) const;                   // the peer, after receive() and accept()

private:
    BatchEntry* entries() const
    {
        return reinterpret_cast<BatchEntry*>(first_ + sizeof(SocketRequest));
    }
    bool accepted_is_free() const;
    int add(int fd, uint32_t code, const std::byte* bytes, size_t size, Await await,
            uint32_t flags = 0);

    // The request and the entries behind it, then the data: the pages before data_ are as many as
    // the calls need, so that a batch of few calls is of few pages.
    std::byte* first_ = nullptr;        // where this turn's batch starts
    std::byte* data_ = nullptr;
    size_t entry_bytes_ = 0;            // of memory before data_
    size_t bytes_ = 0;                  // of data
    size_t used_ = 0;                   // of data: what travels
    uint32_t calls_ = 0, max_calls_ = 0;
    int accepting_ = -1;                // the call that does
    Fd* accepted_ = nullptr;            // where the new descriptor goes
    int waiting_ = 0;                   // connections besides the one that was accepted
};
