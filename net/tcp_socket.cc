#include "net/tcp_socket.hh"

#include "lib/socket.hh"
#include "lwip/priv/tcp_priv.h"
#include "lwip/tcp.h"
#include "net/errors.hh"
#include "net/heap.hh"
#include "net/options.hh"
#include "net/poll.hh"
#include "net/routes.hh"

static_assert(SocketOptions::default_buffer == TCP_WND && TCP_WND == TCP_SND_BUF);

static Socket* first_output;

static void mark_output(Socket& socket)
{
    if (!socket.needs_output) {
        socket.needs_output = true;
        socket.next_output = first_output;
        first_output = &socket;
    }
}

void tcp_flush()
{
    while (first_output != nullptr) {
        Socket& socket = *first_output;
        first_output = socket.next_output;
        socket.needs_output = false;
        if (socket.tcp != nullptr && socket.kind == Socket::Kind::stream) {
            tcp_output(socket.tcp);
        }
    }
}

static void unmark_output(Socket& socket)
{
    for (Socket** link = &first_output; *link != nullptr; link = &(*link)->next_output) {
        if (*link == &socket) {
            *link = socket.next_output;
            break;
        }
    }
    socket.needs_output = false;
}

// Forgets the connection, which lwIP brings to its end by itself.
static void detach(Socket& socket)
{
    tcp_pcb* pcb = socket.tcp;
    if (pcb == nullptr) {
        return;
    }
    tcp_arg(pcb, nullptr);
    tcp_recv(pcb, nullptr);
    tcp_sent(pcb, nullptr);
    tcp_err(pcb, nullptr);
    tcp_poll(pcb, nullptr, 0);
    socket.tcp = nullptr;
}

// When both directions are closed lwIP may free the pcb without a word (it does so at the end of
// TIME_WAIT), so we must not keep it.
static void detach_if_done(Socket& socket)
{
    if (socket.peer_closed && socket.write_closed && socket.tcp != nullptr) {
        tcp_output(socket.tcp);
        detach(socket);
        socket.state = Socket::State::ended;
    }
}

static void let_send(tcp_pcb* pcb, uint32_t count)
{
    while (pcb != nullptr && count > 0) {
        const u16_t part = static_cast<u16_t>(count < 0xFFFF ? count : 0xFFFF);
        tcp_recved(pcb, part);
        count -= part;
    }
}

// Lets the peer send `count` bytes more, which the program has taken. A window that has been
// announced cannot be taken back (RFC 9293, 3.8.6.2.1): so a receive buffer smaller than lwIP's
// window comes about by not giving back as much as was taken.
static void open_window(Socket& socket, uint32_t count)
{
    if (socket.tcp == nullptr) {
        return;
    }
    const uint32_t whole = TCP_WND_MAX(socket.tcp), wanted = socket.options.receive_buffer;
    const uint32_t surplus = whole > wanted ? whole - wanted : 0;
    if (socket.withheld > surplus) {
        count += socket.withheld - surplus;
        socket.withheld = surplus;
    } else {
        const uint32_t missing = surplus - socket.withheld;
        const uint32_t kept = count < missing ? count : missing;
        socket.withheld += kept;
        count -= kept;
    }
    let_send(socket.tcp, count);
}

void tcp_fit_window(Socket& socket)
{
    if (socket.kind == Socket::Kind::stream && socket.state == Socket::State::connected) {
        open_window(socket, 0);
    }
}

// Copies received bytes to a reader, and lets the peer send as many more.
static int32_t take(Socket& socket, const Request& request)
{
    uint32_t limit = request.header.size;
    limit = limit < request.room() ? limit : request.room();
    const uint32_t count = socket.stream.copy_to(request.data(), limit);
    if ((request.header.flags & request_peek) != 0) {
        return static_cast<int32_t>(count);
    }
    socket.stream.drop(count);
    open_window(socket, count);
    return static_cast<int32_t>(count);
}

// Answers a recv if it can be; false if it has to wait.
static bool try_receive(Socket& socket, Request& request)
{
    if (!socket.stream.empty()) {
        requests.answer(request, take(socket, request));
    } else if (socket.error != 0) {
        requests.answer(request, socket.take_error());
    } else if (socket.peer_closed || socket.read_closed || socket.state == Socket::State::ended) {
        requests.answer(request, 0);
    } else {
        return false;
    }
    return true;
}

static void wake_readers(Socket& socket) { poll_wake(socket, socket.readers, try_receive); }

void tcp_receive_request(Socket& socket, Request& request)
{
    if (socket.kind != Socket::Kind::stream
        || (socket.state != Socket::State::connected && socket.state != Socket::State::ended)) {
        return requests.answer(request, Error::not_connected);
    }
    if (request.header.size == 0 || request.room() == 0) {
        return requests.answer(request, 0);
    }
    if (!request.writable) {
        return requests.answer(request, Error::fault);
    }
    if (socket.readers.empty() && try_receive(socket, request)) {
        return;
    }
    if ((request.header.flags & request_no_wait) != 0) {
        return requests.answer(request, Error::try_again);
    }
    requests.park(socket.readers);
}

// Room in the send buffer. While memory is low a connection may have little of it at a time, so
// that peers that take nothing cannot stop those that do; while it is very low nothing more is
// taken from clients: what is left must do for what arrives and for its acknowledgement.
static uint32_t send_room(const Socket& socket)
{
    constexpr uint32_t share_when_low = TCP_SNDLOWAT;
    if (socket.tcp == nullptr || net_heap.is_very_low()
        || tcp_sndqueuelen(socket.tcp) + 4 > TCP_SND_QUEUELEN) {
        return 0;
    }
    uint32_t limit = socket.options.send_buffer;
    if (net_heap.is_low() && share_when_low < limit) {
        limit = share_when_low;
    }
    const uint32_t used = TCP_SND_BUF - socket.tcp->snd_buf;    // tcp_sndbuf() says 64 KiB at most
    return used < limit ? limit - used : 0;
}

// Queues up to `size` bytes; returns how many went, which may be none.
static uint32_t queue_bytes(Socket& socket, const std::byte* data, uint32_t size)
{
    uint32_t queued = 0;
    while (queued < size) {
        const uint32_t room = send_room(socket);
        uint32_t part = size - queued < room ? size - queued : room;
        part = part < 0xFFFF ? part : 0xFFFF;
        err_t result = ERR_MEM;
        for (; part > 0 && result == ERR_MEM; part = result == ERR_MEM ? part / 2 : part) {
            result = tcp_write(socket.tcp, data + queued, static_cast<u16_t>(part),
                               TCP_WRITE_FLAG_COPY);
            if (result != ERR_MEM) {
                break;
            }
        }
        if (part == 0 || result != ERR_OK) {
            break;                      // `sent` or `poll` goes on
        }
        queued += part;
    }
    if (queued > 0) {
        mark_output(socket);
    }
    return queued;
}

// Answers a send if it can be; false if it has to wait.
static bool try_send(Socket& socket, Request& request)
{
    if (socket.error != 0 && socket.tcp == nullptr) {
        requests.answer(request, socket.take_error());
        return true;
    }
    if (socket.tcp == nullptr || socket.write_closed) {
        requests.answer(request, Error::broken_pipe);
        return true;
    }
    const uint32_t size = request.header.size;
    request.done += queue_bytes(socket, request.data() + request.done, size - request.done);
    if (request.done == size
        || (request.done > 0 && (request.header.flags & request_no_wait) != 0)) {
        requests.answer(request, static_cast<int32_t>(request.done));
        return true;
    }
    return false;
}

static void wake_writers(Socket& socket) { poll_wake(socket, socket.writers, try_send); }

void tcp_send_request(Socket& socket, Request& request)
{
    if (socket.kind != Socket::Kind::stream || socket.state == Socket::State::fresh
        || socket.state == Socket::State::connecting) {
        return requests.answer(request, Error::not_connected);
    }
    if (request.header.size > request.room()) {
        return requests.answer(request, Error::invalid_argument);
    }
    if (socket.writers.empty() && try_send(socket, request)) {
        return;
    }
    if ((request.header.flags & request_no_wait) != 0) {
        return requests.answer(request, Error::try_again);
    }
    requests.park(socket.writers);
}

static Socket& socket_of(void* argument) { return *static_cast<Socket*>(argument); }

static err_t on_received(void* argument, tcp_pcb* pcb, pbuf* chain, err_t)
{
    Socket& socket = socket_of(argument);
    if (chain == nullptr) {
        socket.peer_closed = true;
        wake_readers(socket);
        detach_if_done(socket);
        return ERR_OK;
    }
    if (chain->tot_len > tcp_mss(pcb)) {
        tcp_ack_now(pcb);               // several segments (net/receive_merge.hh)
    }
    if (socket.read_closed) {
        tcp_recved(pcb, chain->tot_len);
        pbuf_free(chain);
        return ERR_OK;
    }
    socket.stream.append(chain);
    wake_readers(socket);
    return ERR_OK;
}

static err_t on_sent(void* argument, tcp_pcb*, u16_t)
{
    wake_writers(socket_of(argument));
    return ERR_OK;
}

// The connection has ended: tells whoever waits.
static void conclude(Socket& socket)
{
    const bool was_connecting = socket.state == Socket::State::connecting;
    socket.tcp = nullptr;
    socket.state = Socket::State::ended;
    socket.peer_closed = true;
    if (was_connecting) {
        if (Request* request = socket.writers.first()) {
            requests.answer(*request, socket.take_error());
        }
    }
    wake_writers(socket);
    wake_readers(socket);
}

void tcp_fail_connect(Socket& socket, Error error)
{
    tcp_pcb* pcb = socket.tcp;
    detach(socket);
    tcp_abandon(pcb, 0);
    socket.error = to_abi(error);
    conclude(socket);
}

static err_t on_poll(void* argument, tcp_pcb* pcb)
{
    Socket& socket = socket_of(argument);
    constexpr u8_t patience = 2;        // SYNs sent again while nobody tells us where the peer is
    if (pcb->state == SYN_SENT && pcb->nrtx >= patience
        && !next_station_answers(pcb->remote_ip)) {
        tcp_fail_connect(socket, Error::host_unreachable);
        return ERR_ABRT;
    }
    if (!socket.writers.empty() && socket.state == Socket::State::connected) {
        wake_writers(socket);           // what lack of memory stopped
    }
    poll_note(socket);
    return ERR_OK;
}

// The connection is gone, and lwIP has freed its pcb.
static void on_error(void* argument, err_t error)
{
    Socket& socket = socket_of(argument);
    if (error == ERR_RST) {
        const bool refused = socket.state == Socket::State::connecting;
        socket.error = to_abi(refused ? Error::connection_refused : Error::connection_reset);
    } else if (error != ERR_CLSD) {
        socket.error = to_abi(Error::timed_out);
    }
    conclude(socket);
}

static void attach(Socket& socket, tcp_pcb* pcb)
{
    socket.tcp = pcb;
    tcp_arg(pcb, &socket);
    tcp_recv(pcb, on_received);
    tcp_sent(pcb, on_sent);
    tcp_err(pcb, on_error);
    tcp_poll(pcb, on_poll, 1);
}

int32_t tcp_open(Socket& socket)
{
    tcp_pcb* pcb = tcp_new_ip_type(socket.ipv6 ? IPADDR_TYPE_ANY : IPADDR_TYPE_V4);
    if (pcb == nullptr) {
        return to_abi(Error::no_memory);
    }
    socket.kind = Socket::Kind::stream;
    attach(socket, pcb);
    return 0;
}

int32_t tcp_bind_socket(Socket& socket, const NetAddress& address)
{
    if (socket.kind != Socket::Kind::stream || socket.state != Socket::State::fresh
        || socket.tcp == nullptr || socket.tcp->local_port != 0) {
        return to_abi(Error::invalid_argument);
    }
    if (!is_own_address(address)) {
        return to_abi(Error::invalid_argument);
    }
    const ip_addr_t ip = bind_address(socket, address);
    return lwip_result(tcp_bind(socket.tcp, &ip, address.port));
}

static err_t on_accept(void* argument, tcp_pcb* pcb, err_t error);

int32_t tcp_listen_socket(Socket& socket, uint32_t backlog)
{
    const u8_t limit = static_cast<u8_t>(backlog == 0 ? 1 : backlog > 255 ? 255 : backlog);
    if (socket.kind == Socket::Kind::listener) {
        tcp_backlog_set(socket.tcp, limit);
        return 0;
    }
    if (socket.kind != Socket::Kind::stream || socket.state != Socket::State::fresh) {
        return to_abi(Error::invalid_argument);
    }
    if (socket.tcp->local_port == 0) {
        const ip_addr_t any = bind_address(socket, {});
        if (const err_t result = tcp_bind(socket.tcp, &any, 0); result != ERR_OK) {
            return lwip_result(result);
        }
    }
    err_t error = ERR_OK;
    tcp_pcb* pcb = tcp_listen_with_backlog_and_err(socket.tcp, limit, &error);
    if (pcb == nullptr) {
        return lwip_result(error);
    }
    socket.kind = Socket::Kind::listener;   // the old pcb is gone; this one is smaller
    socket.tcp = pcb;
    tcp_arg(pcb, &socket);
    tcp_accept(pcb, on_accept);
    return 0;
}

static Socket* first_waiting(Socket& listener)
{
    Socket* socket = listener.accept_first;
    if (socket != nullptr) {
        listener.accept_first = socket->next;
        if (listener.accept_first == nullptr) {
            listener.accept_last = nullptr;
        }
        listener.accept_count--;
        socket->next = nullptr;
        socket->listener = nullptr;
    }
    return socket;
}

// Answers an accept if a connection waits; false if not.
static bool try_accept(Socket& listener, Request& request)
{
    if (listener.accept_first == nullptr) {
        return false;
    }
    if (!sockets.add_descriptor(*listener.accept_first)) {
        requests.answer(request, Error::no_memory);
        return true;
    }
    Socket& socket = *first_waiting(listener);
    socket.owner = request.client;
    if (socket.tcp != nullptr) {
        tcp_backlog_accepted(socket.tcp);
    }
    if (request.page_count > 0 && request.writable) {
        NetAddress peer;
        tcp_name(socket, true, &peer);
        request.shared_header()->address = peer;
    }
    requests.answer(request, static_cast<int32_t>(listener.accept_count), socket.slot);
    return true;
}

static err_t on_accept(void* argument, tcp_pcb* pcb, err_t error)
{
    if (error != ERR_OK || pcb == nullptr || argument == nullptr) {
        return ERR_VAL;
    }
    Socket& listener = socket_of(argument);
    Socket* socket = sockets.allocate();
    if (socket == nullptr) {
        return ERR_MEM;                 // lwIP resets the connection
    }
    socket->kind = Socket::Kind::stream;
    socket->state = Socket::State::connected;
    socket->listener = &listener;
    attach(*socket, pcb);
    inherit_options(*socket, listener);
    tcp_nagle_disable(pcb);             // servers' replies must not wait for a delayed ACK
    tcp_backlog_delayed(pcb);
    (listener.accept_last != nullptr ? listener.accept_last->next : listener.accept_first) = socket;
    listener.accept_last = socket;
    listener.accept_count++;

    if (Request* request = listener.readers.first()) {
        try_accept(listener, *request);
    }
    poll_note(listener);
    return ERR_OK;
}

void tcp_accept_request(Socket& socket, Request& request)
{
    if (socket.kind != Socket::Kind::listener) {
        return requests.answer(request, Error::invalid_argument);
    }
    if (socket.readers.empty() && try_accept(socket, request)) {
        return;
    }
    if ((request.header.flags & request_no_wait) != 0) {
        return requests.answer(request, Error::try_again);
    }
    requests.park(socket.readers);
}

static err_t on_connected(void* argument, tcp_pcb*, err_t)
{
    Socket& socket = socket_of(argument);
    socket.state = Socket::State::connected;
    tcp_fit_window(socket);
    if (Request* request = socket.writers.first()) {
        requests.answer(*request, 0);
    }
    poll_note(socket);
    return ERR_OK;
}

void tcp_connect_request(Socket& socket, Request& request)
{
    if (socket.kind != Socket::Kind::stream) {
        return requests.answer(request, Error::not_supported);
    }
    if (socket.state != Socket::State::fresh) {
        const bool in_progress = socket.state == Socket::State::connecting;
        return requests.answer(request, in_progress ? Error::in_progress
                                                    : Error::already_connected);
    }
    const ip_addr_t ip = to_lwip(own_if_any(request.header.address));
    if (!has_route(ip)) {
        return requests.answer(request, Error::network_unreachable);
    }
    const err_t result = tcp_connect(socket.tcp, &ip, request.header.address.port, on_connected);
    if (result != ERR_OK) {
        return requests.answer(request, route_error(result));
    }
    socket.state = Socket::State::connecting;
    if ((request.header.flags & request_no_wait) != 0) {
        return requests.answer(request, Error::in_progress);
    }
    requests.park(socket.writers);
}

int32_t tcp_shutdown_socket(Socket& socket, uint32_t how)
{
    if (how > static_cast<uint32_t>(SHUT_RDWR)) {
        return to_abi(Error::invalid_argument);
    }
    if (socket.kind != Socket::Kind::stream || socket.state != Socket::State::connected) {
        return to_abi(Error::not_connected);
    }
    if (how != static_cast<uint32_t>(SHUT_WR) && !socket.read_closed) {
        socket.read_closed = true;
        const uint32_t unread = socket.stream.bytes();
        socket.stream.clear();
        let_send(socket.tcp, unread);
        wake_readers(socket);
    }
    if (how != static_cast<uint32_t>(SHUT_RD) && !socket.write_closed) {
        socket.write_closed = true;
        if (socket.tcp != nullptr) {
            tcp_shutdown(socket.tcp, 0, 1);
        }
        wake_writers(socket);
        detach_if_done(socket);
    }
    return 0;
}

int32_t tcp_name(const Socket& socket, bool peer, NetAddress* address)
{
    const tcp_pcb* pcb = socket.tcp;
    if (pcb == nullptr || (peer && socket.state != Socket::State::connected)) {
        return to_abi(Error::not_connected);
    }
    if (peer) {
        *address = from_lwip(pcb->remote_ip, pcb->remote_port);
    } else {
        *address = from_lwip(pcb->local_ip, pcb->local_port);
    }
    return 0;
}

// How much room makes a socket writable: a small send buffer must be half empty.
static uint32_t low_water(const Socket& socket)
{
    const uint32_t half = socket.options.send_buffer / 2;
    return half < TCP_SNDLOWAT ? half : TCP_SNDLOWAT;
}

int16_t tcp_events(const Socket& socket)
{
    if (socket.kind == Socket::Kind::listener) {
        return socket.accept_first != nullptr ? POLLIN : 0;
    }
    switch (socket.state) {
    case Socket::State::fresh: return POLLOUT | POLLHUP;
    case Socket::State::connecting: return 0;
    default: break;
    }
    int events = 0;
    const bool ended = socket.state == Socket::State::ended;
    if (!socket.stream.empty() || socket.peer_closed || socket.read_closed || ended) {
        events |= POLLIN;
    }
    if (ended || socket.write_closed || send_room(socket) >= low_water(socket)) {
        events |= POLLOUT;
    }
    if (ended || (socket.peer_closed && socket.write_closed)) {
        events |= POLLHUP;
    }
    if (socket.error != 0) {
        events |= POLLERR;
    }
    return static_cast<int16_t>(events);
}

// Looks now and then at a connection that no socket has any more: a peer whose window has been
// closed for long (lwIP has asked four times whether it opens, 22 s in all) does not get to keep
// its memory.
static err_t on_orphan_poll(void*, tcp_pcb* pcb)
{
    constexpr u8_t asked_long_enough = 5;
    if (pcb->persist_backoff < asked_long_enough) {
        return ERR_OK;
    }
    tcp_abort(pcb);
    return ERR_ABRT;
}

static void end_stream(Socket& socket)
{
    constexpr u8_t orphan_poll = 60;    // half seconds
    tcp_pcb* pcb = socket.tcp;
    if (pcb == nullptr) {
        return;
    }
    let_send(pcb, socket.withheld);     // lwIP takes a window that is not whole for unread bytes
    detach(socket);
    tcp_poll(pcb, on_orphan_poll, orphan_poll);
    if (tcp_close(pcb) != ERR_OK) {
        tcp_abort(pcb);
    }
}

void tcp_end(Socket& socket)
{
    unmark_output(socket);
    if (socket.kind == Socket::Kind::stream) {
        return end_stream(socket);
    }
    if (socket.tcp != nullptr) {
        tcp_arg(socket.tcp, nullptr);
        tcp_accept(socket.tcp, nullptr);
        tcp_close(socket.tcp);
        socket.tcp = nullptr;
    }
    while (Socket* waiting = first_waiting(socket)) {
        tcp_pcb* pcb = waiting->tcp;
        detach(*waiting);
        if (pcb != nullptr) {
            tcp_abort(pcb);
        }
        sockets.end(*waiting);
    }
}
