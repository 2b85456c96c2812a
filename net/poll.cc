#include "net/poll.hh"

#include <optional>

#include "lib/socket.hh"
#include "net/batch.hh"
#include "net/datagram_socket.hh"
#include "net/platform.hh"
#include "net/tcp_socket.hh"

static RequestList polls;
static uint64_t noted;                  // bits of sockets on which something happened
static uint64_t event_count;
static uint32_t polls_with_deadline;

static uint64_t bit_of(const Request& request)
{
    return uint64_t{1} << (env_index(request.client) % 64);
}

static int16_t events_of(const Socket& socket)
{
    return socket.is_stream() ? tcp_events(socket) : datagram_events(socket);
}

// Looks at each socket: fills in what is ready and returns how many are, if any. `mark`: has the
// sockets note what happens from now on.
static std::optional<int32_t> look(const Request& request, bool mark)
{
    PollEntry* entries = reinterpret_cast<PollEntry*>(request.data());
    int32_t ready = 0;
    for (uint32_t i = 0; i < request.header.argument[0]; i++) {
        const PollEntry entry = entries[i];
        Socket* socket = sockets.find(entry.socket, entry.ticket);
        int16_t returned = POLLNVAL;
        if (socket != nullptr) {
            returned = static_cast<int16_t>(events_of(*socket) & (entry.events | POLLERR | POLLHUP));
            if (mark) {
                socket->pollers |= bit_of(request);
            }
        }
        entries[i].returned = returned;
        ready += returned != 0 ? 1 : 0;
    }
    return ready > 0 ? std::optional(ready) : std::nullopt;
}

// The answer, if it is time for one.
static std::optional<int32_t> look_again(Request& request)
{
    return request.code == NSREQ_BATCH ? batch_run(request, true, bit_of(request))
                                       : look(request, true);
}

// Gives the answer, if there is one or the request may not wait, else parks it.
static void answer_or_park(Request& request, std::optional<int32_t> answer)
{
    const uint32_t timeout_ms = request.header.argument[1];
    if (answer || timeout_ms == 0) {
        return requests.answer(request, answer.value_or(0));
    }
    request.has_deadline = timeout_ms != wait_forever;
    if (request.has_deadline) {
        request.deadline_ms = platform::now_ms() + timeout_ms;
        polls_with_deadline++;
    }
    requests.park(polls);
}

void poll_request(Request& request)
{
    const uint32_t count = request.header.argument[0];
    if (count > max_sockets || count > request.room() / sizeof(PollEntry)
        || (count > 0 && !request.writable)) {
        return requests.answer(request, Error::invalid_argument);
    }
    answer_or_park(request, look(request, request.header.argument[1] != 0));
}

void batch_request(Request& request)
{
    if (!batch_is_valid(request)) {
        return requests.answer(request, Error::invalid_argument);
    }
    answer_or_park(request, batch_run(request, false, bit_of(request)));
}

void poll_socket(Socket& socket, Request& request)
{
    const auto wanted = static_cast<int16_t>(request.header.argument[0]);
    const int32_t events = events_of(socket) & (wanted | POLLERR | POLLHUP);
    requests.answer(request, events != 0 ? events : to_abi(Error::try_again));
}

void poll_note(Socket& socket)
{
    noted |= socket.pollers;
    socket.pollers = 0;
    socket.last_event = ++event_count;
}

uint64_t poll_events() { return event_count; }

void poll_wake(Socket& socket, RequestList& list, bool (*try_answer)(Socket&, Request&))
{
    for (Request* request = list.first(); request != nullptr && try_answer(socket, *request);) {
        request = list.first();
    }
    poll_note(socket);
}

// Answers the parked requests that are ready or out of time, of those that `happened` concerns.
// Returns how long until the next is out of time.
static uint32_t answer_parked(uint64_t happened)
{
    const uint32_t now = polls_with_deadline > 0 ? platform::now_ms() : 0;
    uint32_t next_ms = wait_forever;
    polls_with_deadline = 0;
    Request* next = nullptr;
    for (Request* request = polls.first(); request != nullptr; request = next) {
        next = request->next;
        if ((happened & bit_of(*request)) != 0) {
            if (const std::optional<int32_t> answer = look_again(*request)) {
                requests.answer(*request, *answer);
                continue;
            }
        }
        if (!request->has_deadline) {
            continue;
        }
        const int32_t left = static_cast<int32_t>(request->deadline_ms - now);
        if (left <= 0) {
            requests.answer(*request, 0);
            continue;
        }
        polls_with_deadline++;
        next_ms = static_cast<uint32_t>(left) < next_ms ? static_cast<uint32_t>(left) : next_ms;
    }
    return next_ms;
}

// What a batch does may be what an earlier one waits for: so until nothing happens any more.
uint32_t poll_answer()
{
    uint32_t next_ms = wait_forever;
    if (noted == 0 && polls_with_deadline == 0) {
        return next_ms;
    }
    do {
        const uint64_t happened = noted;
        noted = 0;
        next_ms = answer_parked(happened);
    } while (noted != 0);
    return next_ms;
}
