#include "net/datagram_socket.hh"

#include "lib/socket.hh"
#include "lwip/icmp.h"
#include "lwip/inet_chksum.h"
#include "lwip/prot/ip4.h"
#include "lwip/raw.h"
#include "lwip/udp.h"
#include "net/errors.hh"
#include "net/poll.hh"

static constexpr uint32_t max_payload = 65535 - 20 - 8;     // what IPv4 and UDP headers leave
static constexpr uint32_t part_bytes = 1400;                // of a datagram in one pbuf

// Answers a recv if a datagram waits, or the socket was shut down; false if it has to wait.
static bool try_receive(Socket& socket, Request& request)
{
    if (socket.datagrams.empty()) {
        if (socket.read_closed) {
            requests.answer(request, 0);
        }
        return socket.read_closed;
    }
    uint32_t limit = request.header.size < request.room() ? request.header.size : request.room();
    limit = limit < max_payload + 28 ? limit : max_payload + 28;
    NetAddress from;
    const uint32_t count = socket.datagrams.copy_to(request.data(), limit, &from);
    request.shared_header()->address = from;
    if ((request.header.flags & request_peek) == 0) {
        socket.datagrams.drop_first();
    }
    requests.answer(request, static_cast<int32_t>(count));
    return true;
}

static void deliver(Socket& socket, pbuf* chain, NetAddress from)
{
    if (socket.read_closed) {
        pbuf_free(chain);
        return;
    }
    socket.datagrams.append(chain, from);
    while (Request* request = socket.readers.first()) {
        if (!try_receive(socket, *request)) {
            break;
        }
    }
    poll_note(socket);
}

static void on_datagram(void* argument, udp_pcb*, pbuf* chain, const ip_addr_t* from, u16_t port)
{
    deliver(*static_cast<Socket*>(argument), chain, {from_lwip(*from), port, 0});
}

// Whether an ICMP message is one that a program may want: an answer to it or an error, and not a
// request, which lwIP answers.
static bool is_for_programs(const pbuf* packet)
{
    uint8_t first = 0;
    if (pbuf_copy_partial(packet, &first, 1, 0) != 1) {
        return false;
    }
    const uint16_t header_bytes = static_cast<uint16_t>((first & 15) * 4);
    uint8_t type = 0;
    if (pbuf_copy_partial(packet, &type, 1, header_bytes) != 1) {
        return false;
    }
    return type == ICMP_ER || type == ICMP_DUR || type == ICMP_TE || type == ICMP_PP;
}

// Copies, since the packet goes on to lwIP's own ICMP and to other sockets.
static u8_t on_icmp(void* argument, raw_pcb*, pbuf* packet, const ip_addr_t* from)
{
    if (is_for_programs(packet)) {
        if (pbuf* copy = pbuf_clone(PBUF_RAW, PBUF_RAM, packet); copy != nullptr) {
            deliver(*static_cast<Socket*>(argument), copy, {from_lwip(*from), 0, 0});
        }
    }
    return 0;
}

int32_t datagram_open(Socket& socket, Socket::Kind kind)
{
    if (kind == Socket::Kind::datagram) {
        socket.udp = udp_new_ip_type(IPADDR_TYPE_V4);
        if (socket.udp != nullptr) {
            udp_recv(socket.udp, on_datagram, &socket);
        }
    } else {
        socket.raw = raw_new_ip_type(IPADDR_TYPE_V4, IP_PROTO_ICMP);
        if (socket.raw != nullptr) {
            raw_recv(socket.raw, on_icmp, &socket);
        }
    }
    if (socket.udp == nullptr) {
        return to_abi(Error::no_memory);
    }
    socket.kind = kind;
    return 0;
}

static bool is_udp(const Socket& socket) { return socket.kind == Socket::Kind::datagram; }

int32_t datagram_bind(Socket& socket, NetAddress address)
{
    if (!is_own_address(address.ip)) {
        return to_abi(Error::invalid_argument);
    }
    const ip_addr_t ip = to_lwip(address.ip);
    if (!is_udp(socket)) {
        return lwip_result(raw_bind(socket.raw, &ip));
    }
    if (socket.udp->local_port != 0) {
        return to_abi(Error::invalid_argument);
    }
    return lwip_result(udp_bind(socket.udp, &ip, address.port));
}

int32_t datagram_connect(Socket& socket, NetAddress address)
{
    const ip_addr_t ip = to_lwip(address.ip);
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

static err_t send_chain(Socket& socket, pbuf* chain, const Request& request)
{
    const NetAddress to = request.header.address;
    const bool to_address = (request.header.flags & request_has_address) != 0;
    const ip_addr_t ip = to_lwip(to.ip);
    if (is_udp(socket)) {
        return to_address ? udp_sendto(socket.udp, chain, &ip, to.port)
                          : udp_send(socket.udp, chain);
    }
    return to_address ? raw_sendto(socket.raw, chain, &ip) : raw_send(socket.raw, chain);
}

void datagram_send_request(Socket& socket, Request& request)
{
    const uint32_t size = request.header.size;
    if (socket.write_closed) {
        return requests.answer(request, Error::broken_pipe);
    }
    if (size > max_payload) {
        return requests.answer(request, Error::message_size);
    }
    if (size > request.room()) {
        return requests.answer(request, Error::invalid_argument);
    }
    if ((request.header.flags & request_has_address) == 0
        && socket.state != Socket::State::connected) {
        return requests.answer(request, Error::not_connected);
    }
    pbuf* chain = make_chain(request.data(), size);
    if (chain == nullptr) {
        return requests.answer(request, Error::no_memory);
    }
    const err_t result = send_chain(socket, chain, request);
    pbuf_free(chain);
    if (result != ERR_OK) {
        return requests.answer(request, route_error(result));
    }
    requests.answer(request, static_cast<int32_t>(size));
}

void datagram_receive_request(Socket& socket, Request& request)
{
    if (request.room() == 0 || !request.writable) {
        return requests.answer(request, Error::fault);
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
        *address = peer ? NetAddress{from_lwip(pcb->remote_ip), pcb->remote_port, 0}
                        : NetAddress{from_lwip(pcb->local_ip), pcb->local_port, 0};
    } else {
        *address = {from_lwip(peer ? socket.raw->remote_ip : socket.raw->local_ip), 0, 0};
    }
    return 0;
}

static uint8_t& ttl_of(const Socket& socket)
{
    return is_udp(socket) ? socket.udp->ttl : socket.raw->ttl;
}

int32_t datagram_option(const Socket& socket, uint32_t level, uint32_t option)
{
    if (level == static_cast<uint32_t>(IPPROTO_IP) && option == static_cast<uint32_t>(IP_TTL)) {
        return ttl_of(socket);
    }
    if (level != static_cast<uint32_t>(SOL_SOCKET)) {
        return to_abi(Error::not_supported);
    }
    switch (static_cast<int>(option)) {
    case SO_BROADCAST: return 1;
    case SO_REUSEADDR: return is_udp(socket) && ip_get_option(socket.udp, SOF_REUSEADDR) ? 1 : 0;
    default: return to_abi(Error::not_supported);
    }
}

int32_t datagram_set_option(Socket& socket, uint32_t level, uint32_t option, uint32_t value)
{
    if (level == static_cast<uint32_t>(IPPROTO_IP) && option == static_cast<uint32_t>(IP_TTL)
        && value >= 1 && value <= 255) {
        ttl_of(socket) = static_cast<uint8_t>(value);
        return 0;
    }
    if (level == static_cast<uint32_t>(SOL_SOCKET) && option == static_cast<uint32_t>(SO_BROADCAST)) {
        return 0;                       // always allowed
    }
    if (level == static_cast<uint32_t>(SOL_SOCKET) && option == static_cast<uint32_t>(SO_REUSEADDR)
        && is_udp(socket)) {
        if (value != 0) {
            ip_set_option(socket.udp, SOF_REUSEADDR);
        } else {
            ip_reset_option(socket.udp, SOF_REUSEADDR);
        }
        return 0;
    }
    return to_abi(Error::not_supported);
}

int16_t datagram_events(const Socket& socket)
{
    return static_cast<int16_t>(POLLOUT | (!socket.datagrams.empty() || socket.read_closed ? POLLIN
                                                                                            : 0));
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
