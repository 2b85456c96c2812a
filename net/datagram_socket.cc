#include "net/datagram_socket.hh"

#include "lib/socket.hh"
#include "inc/result.hh"
#include "inc/string.hh"
#include "lwip/icmp.h"
#include "lwip/icmp6.h"
#include "lwip/inet_chksum.h"
#include "lwip/ip.h"
#include "lwip/prot/ip4.h"
#include "lwip/raw.h"
#include "lwip/udp.h"
#include "net/datagram_flow.hh"
#include "net/errors.hh"
#include "net/poll.hh"
#include "net/routes.hh"

static constexpr uint32_t max_payload = 65535 - 20 - 8;     // what IPv4 and UDP headers leave
static constexpr uint32_t part_bytes = 1400;                // of a datagram in one pbuf
static constexpr uint8_t multicast_default_hops = 1;        // stays on this link (RFC 1112, 6.1)

// Answers a recv if a datagram waits, or the socket was shut down; false if it has to wait.
static bool try_receive(Socket& socket, Request& request)
{
    if (socket.error != 0) {
        requests.answer(request, socket.take_error());
        return true;
    }
    if (socket.datagrams.empty()) {
        if (socket.read_closed) {
            requests.answer(request, 0);
        }
        return socket.read_closed;
    }
    uint32_t limit = request.header.size < request.room() ? request.header.size : request.room();
    limit = limit < max_payload + 28 ? limit : max_payload + 28;
    const uint32_t count = socket.datagrams.copy_bytes(request.data(), limit);
    request.shared_header()->address = socket.datagrams.first().address;
    if ((request.header.flags & request_peek) == 0) {
        socket.datagrams.drop_first();
    }
    requests.answer(request, static_cast<int32_t>(count));
    return true;
}

// Copies as many datagrams as fit, each with its DatagramRecord; returns how many. message_size:
// the first does not fit; try_again: there is none.
static int32_t take_many(Socket& socket, Request& request)
{
    const uint32_t wanted = request.header.size;
    const uint32_t limit = wanted < request.room() ? wanted : request.room();
    uint32_t used = 0;
    int32_t count = 0;
    while (!socket.datagrams.empty()) {
        const uint32_t whole = socket.datagrams.first().whole();
        if (whole > limit - used) {
            return count > 0 ? count : to_abi(Error::message_size);
        }
        socket.datagrams.copy_record(request.data() + used);
        socket.datagrams.drop_first();
        used += whole;
        count++;
    }
    return count > 0 ? count : to_abi(Error::try_again);
}

static void wake_readers(Socket& socket) { poll_wake(socket, socket.readers, try_receive); }

static bool has_room(const Socket& socket, size_t size)
{
    return !socket.read_closed
        && socket.datagrams.bytes() + size <= socket.options.receive_buffer;
}

static void deliver(Socket& socket, pbuf* chain, const NetAddress& from)
{
    if (!has_room(socket, chain->tot_len)) {
        pbuf_free(chain);
        return;
    }
    socket.datagrams.append(chain, from);
    wake_readers(socket);
}

void datagram_deliver(Socket& socket, std::span<const std::byte> datagram, const NetAddress& from)
{
    if (has_room(socket, datagram.size())) {
        socket.datagrams.append(datagram, from);
        wake_readers(socket);
    }
}

void datagram_fail(Socket& socket, Error error)
{
    socket.error = to_abi(error);
    wake_readers(socket);
}

static void on_datagram(void* argument, udp_pcb*, pbuf* chain, const ip_addr_t* from, u16_t port)
{
    Socket& socket = *static_cast<Socket*>(argument);
    const NetAddress address = from_lwip(*from, port);
    datagram_flow.taken_by(socket, address);
    deliver(socket, chain, address);
}

// Whether an ICMP message is one that a program may want: an answer to it or an error, and not a
// request, which lwIP answers.
static bool is_for_programs(const pbuf* packet, bool ipv6)
{
    uint8_t type = 0;
    if (pbuf_copy_partial(packet, &type, 1, ip_current_header_tot_len()) != 1) {
        return false;
    }
    if (ipv6) {
        return type == ICMP6_TYPE_EREP || type == ICMP6_TYPE_DUR || type == ICMP6_TYPE_PTB
            || type == ICMP6_TYPE_TE || type == ICMP6_TYPE_PP;
    }
    return type == ICMP_ER || type == ICMP_DUR || type == ICMP_TE || type == ICMP_PP;
}

// Copies, since the packet goes on to lwIP's own ICMP and to other sockets.
static u8_t on_icmp(void* argument, raw_pcb*, pbuf* packet, const ip_addr_t* from)
{
    if (is_for_programs(packet, IP_IS_V6(from))) {
        if (pbuf* copy = pbuf_clone(PBUF_RAW, PBUF_RAM, packet); copy != nullptr) {
            deliver(*static_cast<Socket*>(argument), copy, from_lwip(*from, 0));
        }
    }
    return 0;
}

static udp_pcb* open_udp(Socket& socket)
{
    udp_pcb* pcb = udp_new_ip_type(socket.ipv6 ? IPADDR_TYPE_ANY : IPADDR_TYPE_V4);
    if (pcb != nullptr) {
        udp_recv(pcb, on_datagram, &socket);
        pcb->mcast_ttl = multicast_default_hops;
        pcb->flags |= UDP_FLAGS_MULTICAST_LOOP;
    }
    return pcb;
}

static raw_pcb* open_icmp(Socket& socket)
{
    raw_pcb* pcb = raw_new_ip_type(socket.ipv6 ? IPADDR_TYPE_V6 : IPADDR_TYPE_V4,
                                   socket.ipv6 ? IP6_NEXTH_ICMP6 : IP_PROTO_ICMP);
    if (pcb != nullptr) {
        raw_recv(pcb, on_icmp, &socket);
        pcb->mcast_ttl = multicast_default_hops;
        if (socket.ipv6) {              // RFC 3542, 3.1: the program cannot know the sum
            pcb->chksum_reqd = 1;
            pcb->chksum_offset = 2;
        }
    }
    return pcb;
}

int32_t datagram_open(Socket& socket, Socket::Kind kind)
{
    if (kind == Socket::Kind::datagram) {
        socket.udp = open_udp(socket);
    } else {
        socket.raw = open_icmp(socket);
        socket.ipv4 = !socket.ipv6;
    }
    if (socket.udp == nullptr) {
        return to_abi(Error::no_memory);
    }
    socket.kind = kind;
    return 0;
}

static bool is_udp(const Socket& socket) { return socket.kind == Socket::Kind::datagram; }

int32_t datagram_bind(Socket& socket, const NetAddress& address)
{
    const ip_addr_t ip = bind_address(socket, address);
    if (!is_own_address(address) && !ip_addr_ismulticast(&ip)) {
        return to_abi(Error::invalid_argument);
    }
    if (!is_udp(socket)) {
        return lwip_result(raw_bind(socket.raw, &ip));
    }
    if (socket.udp->local_port != 0) {
        return to_abi(Error::invalid_argument);
    }
    return lwip_result(udp_bind(socket.udp, &ip, address.port));
}

int32_t datagram_connect(Socket& socket, const NetAddress& address)
{
    const ip_addr_t ip = to_lwip(own_if_any(address));
    if (!has_route(ip)) {
        return to_abi(Error::network_unreachable);
    }
    const err_t result = is_udp(socket) ? udp_connect(socket.udp, &ip, address.port)
                                        : raw_connect(socket.raw, &ip);
    if (result == ERR_OK) {
        socket.state = Socket::State::connected;
    }
    return result == ERR_OK ? 0 : to_abi(route_error(result));
}

int32_t datagram_shutdown(Socket& socket, uint32_t how)
{
    if (how > static_cast<uint32_t>(SHUT_RDWR)) {
        return to_abi(Error::invalid_argument);
    }
    if (how != static_cast<uint32_t>(SHUT_RD)) {
        socket.write_closed = true;
    }
    if (how != static_cast<uint32_t>(SHUT_WR)) {
        socket.read_closed = true;
        socket.datagrams.clear();
        while (Request* request = socket.readers.first()) {
            requests.answer(*request, 0);
        }
    }
    poll_note(socket);
    return 0;
}

// A datagram's bytes as a chain of pbufs; null without memory.
static pbuf* make_chain(const std::byte* data, uint32_t size)
{
    pbuf* chain = nullptr;
    for (uint32_t done = 0; done < size || chain == nullptr;) {
        const uint32_t left = size - done;
        const u16_t part = static_cast<u16_t>(left < part_bytes ? left : part_bytes);
        pbuf* next = pbuf_alloc(chain == nullptr ? PBUF_TRANSPORT : PBUF_RAW, part, PBUF_RAM);
        if (next == nullptr) {
            if (chain != nullptr) {
                pbuf_free(chain);
            }
            return nullptr;
        }
        pbuf_take(next, data + done, part);
        if (chain == nullptr) {
            chain = next;
        } else {
            pbuf_cat(chain, next);
        }
        done += part;
    }
    return chain;
}

static Result<void> send_chain(Socket& socket, pbuf* chain, const NetAddress* to)
{
    err_t result = ERR_OK;
    if (to == nullptr) {
        result = is_udp(socket) ? udp_send(socket.udp, chain) : raw_send(socket.raw, chain);
    } else {
        const ip_addr_t ip = to_lwip(own_if_any(*to));
        if (!has_route(ip)) {
            return Error::network_unreachable;
        }
        result = is_udp(socket) ? udp_sendto(socket.udp, chain, &ip, to->port)
                                : raw_sendto(socket.raw, chain, &ip);
    }
    if (result != ERR_OK) {
        return route_error(result);
    }
    return {};
}

// Sends one datagram, to the peer that is set if `to` is null.
static Result<void> send_one(Socket& socket, const std::byte* data, uint32_t size,
                             const NetAddress* to)
{
    if (to != nullptr && !socket_can_use(socket, *to)) {
        return Error::network_unreachable;
    }
    if (size > max_payload || size > socket.options.send_buffer) {
        return Error::message_size;
    }
    if (to == nullptr && socket.state != Socket::State::connected) {
        return Error::not_connected;
    }
    pbuf* chain = make_chain(data, size);
    if (chain == nullptr) {
        return Error::no_memory;
    }
    const Result<void> result = send_chain(socket, chain, to);
    pbuf_free(chain);
    return result;
}

// Sends what the DatagramRecords say; returns how many, or, if none, why. Those that cannot be sent
// are lost, as datagrams may be.
static int32_t send_many(Socket& socket, const Request& request)
{
    const uint32_t limit = request.header.size;
    const bool to_address = (request.header.flags & request_has_address) != 0;
    int32_t count = 0, error = 0;
    for (uint32_t used = 0; limit - used >= sizeof(DatagramRecord);) {
        DatagramRecord record;
        memcpy(&record, request.data() + used, sizeof record);
        if (record.size > limit - used - sizeof record) {
            error = to_abi(Error::invalid_argument);
            break;
        }
        const NetAddress* const to = to_address ? &record.address : nullptr;
        const Result<void> sent = send_one(socket, request.data() + used + sizeof record,
                                           record.size, to);
        count += sent ? 1 : 0;
        error = sent ? error : to_abi(sent.error());
        used += record.whole() < limit - used ? record.whole() : limit - used;
    }
    return count > 0 ? count : error;
}

void datagram_send_request(Socket& socket, Request& request)
{
    const uint32_t size = request.header.size;
    if (socket.write_closed) {
        return requests.answer(request, Error::broken_pipe);
    }
    if (socket.error != 0) {            // what an earlier datagram met with
        return requests.answer(request, socket.take_error());
    }
    if (size > request.room()) {
        const bool long_for_any = size > max_payload;
        return requests.answer(request, long_for_any ? Error::message_size
                                                     : Error::invalid_argument);
    }
    if ((request.header.flags & request_many) != 0) {
        return requests.answer(request, send_many(socket, request));
    }
    const bool to_address = (request.header.flags & request_has_address) != 0;
    const Result<void> sent = send_one(socket, request.data(), size,
                                       to_address ? &request.header.address : nullptr);
    requests.answer(request, sent ? static_cast<int32_t>(size) : to_abi(sent.error()));
}

void datagram_receive_request(Socket& socket, Request& request)
{
    if (request.room() == 0 || !request.writable) {
        return requests.answer(request, Error::fault);
    }
    if ((request.header.flags & request_many) != 0 && !socket.datagrams.empty()
        && socket.error == 0) {
        return requests.answer(request, take_many(socket, request));
    }
    if (try_receive(socket, request)) {
        return;
    }
    if ((request.header.flags & request_no_wait) != 0) {
        return requests.answer(request, Error::try_again);
    }
    requests.park(socket.readers);
}

int32_t datagram_name(const Socket& socket, bool peer, NetAddress* address)
{
    if (peer && socket.state != Socket::State::connected) {
        return to_abi(Error::not_connected);
    }
    if (is_udp(socket)) {
        const udp_pcb* pcb = socket.udp;
        *address = peer ? from_lwip(pcb->remote_ip, pcb->remote_port)
                        : from_lwip(pcb->local_ip, pcb->local_port);
    } else {
        *address = from_lwip(peer ? socket.raw->remote_ip : socket.raw->local_ip, 0);
    }
    return 0;
}

int16_t datagram_events(const Socket& socket)
{
    int events = POLLOUT;
    if (!socket.datagrams.empty() || socket.read_closed || socket.error != 0) {
        events |= POLLIN;
    }
    if (socket.error != 0) {
        events |= POLLERR;
    }
    return static_cast<int16_t>(events);
}

void datagram_end(Socket& socket)
{
    if (socket.udp == nullptr) {
        return;
    }
    if (is_udp(socket)) {
        udp_remove(socket.udp);
    } else {
        raw_remove(socket.raw);
    }
    socket.udp = nullptr;
}
