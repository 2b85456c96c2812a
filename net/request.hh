// Requests of clients: the one being looked at, and those that wait ("parked") for something to
// happen on a socket. A request owns a window of address space, in which the client's pages stay
// mapped until it is answered.
#pragma once
#include "inc/env.hh"
#include "inc/error.hh"
#include "net/protocol.hh"

struct Socket;
class RequestList;

inline constexpr uint32_t no_descriptor = 0xFFFFFFFF;

struct Request {
    envid_t client = 0;
    uint32_t code = 0;                  // NSREQ_*
    uint32_t index = 0;                 // number of its window
    uint32_t page_count = 0;
    bool writable = false;              // may we write to the pages?
    SocketRequest header;               // our copy
    Socket* socket = nullptr;
    uint32_t done = 0;                  // send: bytes that are queued already; resolve: which
    BatchEntry* entry = nullptr;        // it is a part of a batch (net/batch.hh), and its
    uint32_t offset = sizeof(SocketRequest);                    //   bytes are there
    int32_t result = 0;                 // of a part, when it is answered
    uint32_t descriptor_slot = no_descriptor;                   // whose page the answer brings
    bool has_deadline = false;          // poll, batch
    uint32_t deadline_ms = 0;
    uint64_t looked_at = 0;             // batch: poll_events() when its entries were last done
    RequestList* list = nullptr;        // where it is parked
    Request* next = nullptr;
    Request* previous = nullptr;

    // The header in the client's page, for the answer; valid if page_count > 0 and writable.
    SocketRequest* shared_header() const;
    std::byte* data() const;            // its bytes: what follows the header
    uint32_t room() const;              // bytes of it
};

// Parked requests, first come first served.
class RequestList {
public:
    bool empty() const { return first_ == nullptr; }
    Request* first() const { return first_; }
    void append(Request& request);
    void remove(Request& request);

private:
    Request* first_ = nullptr;
    Request* last_ = nullptr;
};

// All requests there can be: one for each environment, since a client waits for its answer, and
// the one that is being received.
class RequestTable {
public:
    void initialise();

    // Whose window the next message goes to.
    Request& landing() { return *landing_; }

    // Notes that a message came: `count` pages of its sender are in the landing window now.
    void note_message(uint32_t count);

    // Makes the landing request that of `client`. Its earlier request, if it left one parked, is
    // forgotten: it does not wait for that answer.
    Request& begin(envid_t client, uint32_t code, uint32_t count, bool writable);

    // Parks the landing request on `list`; another window takes its place.
    void park(RequestList& list);

    // Answers a request and forgets it; notes the answer of a part of a batch.
    void answer(Request& request, int32_t value);
    void answer(Request& request, int32_t value, uint32_t descriptor_slot);
    void answer(Request& request, Error error) { answer(request, to_abi(error)); }

    // Forgets the parked requests of clients that have ended.
    void drop_dead_clients();
    // Unmaps what earlier messages left in windows that wait for the next.
    void release_windows();

private:
    static constexpr uint32_t count = max_envs + 1;

    void forget(Request& request);
    void unpark(Request& request);

    Request requests_[count];
    uint32_t mapped_[count] = {};       // pages still mapped in each window
    bool windows_may_be_mapped_ = false;    // of requests that are not parked
    Request* free_ = nullptr;           // linked by `next`
    Request* landing_ = nullptr;
    Request* parked_[max_envs] = {};    // by the client's index
    uint32_t parked_count_ = 0;
};

extern RequestTable requests;
