#include "net/options.hh"

#include "lib/socket.hh"
#include "lwip/raw.h"
#include "lwip/tcp.h"
#include "lwip/udp.h"
#include "net/poll.hh"
#include "net/tcp_socket.hh"

namespace {

constexpr uint32_t min_buffer = 2048, max_seconds = 32767, max_probes = 127;

constexpr uint32_t key(uint32_t level, int option)
{
    return (level << 16) | static_cast<uint32_t>(option);
}
constexpr uint32_t key(int level, int option) { return key(static_cast<uint32_t>(level), option); }

// What all of lwIP's pcbs begin with.
ip_pcb* common_part(const Socket& socket) { return reinterpret_cast<ip_pcb*>(socket.tcp); }

int32_t type_of(const Socket& socket)
{
    switch (socket.kind) {
    case Socket::Kind::datagram: return SOCK_DGRAM;
    case Socket::Kind::icmp: return SOCK_RAW;
    default: return SOCK_STREAM;
    }
}

int32_t stream_option(const Socket& socket, uint32_t which)
{
    switch (which) {
    case key(SOL_SOCKET, SO_KEEPALIVE): return ip_get_option(socket.tcp, SOF_KEEPALIVE) ? 1 : 0;
    case key(IPPROTO_TCP, TCP_NODELAY):
        return socket.kind == Socket::Kind::listener || tcp_nagle_disabled(socket.tcp) ? 1 : 0;
    case key(IPPROTO_TCP, TCP_KEEPIDLE): return static_cast<int32_t>(socket.options.keep_idle_s);
    case key(IPPROTO_TCP, TCP_KEEPINTVL):
        return static_cast<int32_t>(socket.options.keep_interval_s);
    case key(IPPROTO_TCP, TCP_KEEPCNT): return static_cast<int32_t>(socket.options.keep_count);
    default: return to_abi(Error::not_supported);
    }
}

uint8_t& multicast_hops(const Socket& socket)
{
    return socket.kind == Socket::Kind::datagram ? socket.udp->mcast_ttl : socket.raw->mcast_ttl;
}

bool loops_multicast(const Socket& socket)
{
    return socket.kind == Socket::Kind::datagram
        ? (socket.udp->flags & UDP_FLAGS_MULTICAST_LOOP) != 0
        : (socket.raw->flags & RAW_FLAGS_MULTICAST_LOOP) != 0;
}

int32_t datagram_option(const Socket& socket, uint32_t which)
{
    switch (which) {
    case key(SOL_SOCKET, SO_BROADCAST): return 1;           // always allowed
    case key(IPPROTO_IP, IP_MULTICAST_TTL):
    case key(IPPROTO_IPV6, IPV6_MULTICAST_HOPS): return multicast_hops(socket);
    case key(IPPROTO_IP, IP_MULTICAST_LOOP):
    case key(IPPROTO_IPV6, IPV6_MULTICAST_LOOP):
        return loops_multicast(socket) ? 1 : 0;
    default: return to_abi(Error::not_supported);
    }
}

void apply_keep_alive(const Socket& socket)
{
    if (socket.kind == Socket::Kind::stream) {
        socket.tcp->keep_idle = socket.options.keep_idle_s * 1000;
        socket.tcp->keep_intvl = socket.options.keep_interval_s * 1000;
        socket.tcp->keep_cnt = socket.options.keep_count;
    }
}

int32_t set_keep_alive(Socket& socket, uint32_t& member, uint32_t value, uint32_t limit)
{
    if (value < 1 || value > limit) {
        return to_abi(Error::invalid_argument);
    }
    member = value;
    apply_keep_alive(socket);
    return 0;
}

void set_flag(ip_pcb* pcb, u8_t flag, bool on)
{
    if (on) {
        ip_set_option(pcb, flag);
    } else {
        ip_reset_option(pcb, flag);
    }
}

// Accepted connections never delay, whatever their listener was told.
void set_no_delay(const Socket& socket, bool on)
{
    if (socket.kind == Socket::Kind::listener) {
        return;
    }
    if (on) {
        tcp_nagle_disable(socket.tcp);
    } else {
        tcp_nagle_enable(socket.tcp);
    }
}

int32_t set_stream_option(Socket& socket, uint32_t which, uint32_t value)
{
    switch (which) {
    case key(SOL_SOCKET, SO_KEEPALIVE):
        set_flag(common_part(socket), SOF_KEEPALIVE, value != 0);
        return 0;
    case key(IPPROTO_TCP, TCP_NODELAY): set_no_delay(socket, value != 0); return 0;
    case key(IPPROTO_TCP, TCP_KEEPIDLE):
        return set_keep_alive(socket, socket.options.keep_idle_s, value, max_seconds);
    case key(IPPROTO_TCP, TCP_KEEPINTVL):
        return set_keep_alive(socket, socket.options.keep_interval_s, value, max_seconds);
    case key(IPPROTO_TCP, TCP_KEEPCNT):
        return set_keep_alive(socket, socket.options.keep_count, value, max_probes);
    default: return to_abi(Error::not_supported);
    }
}

int32_t set_multicast_hops(const Socket& socket, uint32_t value)
{
    if (value > 255) {
        return to_abi(Error::invalid_argument);
    }
    multicast_hops(socket) = static_cast<uint8_t>(value);
    return 0;
}

int32_t set_multicast_loop(const Socket& socket, bool on)
{
    const bool is_udp = socket.kind == Socket::Kind::datagram;
    uint8_t& flags = is_udp ? socket.udp->flags : socket.raw->flags;
    const uint8_t bit = is_udp ? UDP_FLAGS_MULTICAST_LOOP : RAW_FLAGS_MULTICAST_LOOP;
    flags = static_cast<uint8_t>(on ? flags | bit : flags & ~bit);
    return 0;
}

int32_t set_datagram_option(Socket& socket, uint32_t which, uint32_t value,
                            const NetAddress& address)
{
    switch (which) {
    case key(SOL_SOCKET, SO_BROADCAST): return 0;
    case key(IPPROTO_IP, IP_MULTICAST_TTL):
    case key(IPPROTO_IPV6, IPV6_MULTICAST_HOPS): return set_multicast_hops(socket, value);
    case key(IPPROTO_IP, IP_MULTICAST_LOOP):
    case key(IPPROTO_IPV6, IPV6_MULTICAST_LOOP): return set_multicast_loop(socket, value != 0);
    case key(IPPROTO_IP, IP_ADD_MEMBERSHIP):
    case key(IPPROTO_IPV6, IPV6_JOIN_GROUP): return socket.groups.join(address);
    case key(IPPROTO_IP, IP_DROP_MEMBERSHIP):
    case key(IPPROTO_IPV6, IPV6_LEAVE_GROUP): return socket.groups.leave(address);
    default: return to_abi(Error::not_supported);
    }
}

int32_t set_buffer(uint32_t& member, uint32_t value)
{
    const uint32_t least = value < min_buffer ? min_buffer : value;
    member = least < SocketOptions::default_buffer ? least : SocketOptions::default_buffer;
    return 0;
}

// Only before the socket has an address.
int32_t set_ipv6_only(Socket& socket, bool on)
{
    const bool has_port = (socket.is_stream() && socket.tcp->local_port != 0)
        || (socket.kind == Socket::Kind::datagram && socket.udp->local_port != 0);
    if (socket.family != family_ipv6 || socket.kind == Socket::Kind::icmp || has_port) {
        return to_abi(Error::invalid_argument);
    }
    const u8_t type = on ? IPADDR_TYPE_V6 : IPADDR_TYPE_ANY;
    IP_SET_TYPE_VAL(common_part(socket)->local_ip, type);
    IP_SET_TYPE_VAL(common_part(socket)->remote_ip, type);
    socket.ipv4 = !on;
    return 0;
}

} // namespace

int32_t option_of(Socket& socket, uint32_t level, uint32_t option)
{
    const uint32_t which = option > 0xFFFF || level > 0xFFFF ? 0xFFFFFFFF
                                                             : key(level, static_cast<int>(option));
    switch (which) {
    case key(SOL_SOCKET, SO_ERROR): return -socket.take_error();    // positive
    case key(SOL_SOCKET, SO_TYPE): return type_of(socket);
    case key(SOL_SOCKET, SO_ACCEPTCONN): return socket.kind == Socket::Kind::listener ? 1 : 0;
    case key(SOL_SOCKET, SO_RCVBUF): return static_cast<int32_t>(socket.options.receive_buffer);
    case key(SOL_SOCKET, SO_SNDBUF): return static_cast<int32_t>(socket.options.send_buffer);
    case key(IPPROTO_IPV6, IPV6_V6ONLY): return socket.ipv4 ? 0 : 1;
    default: break;
    }
    if (socket.tcp == nullptr) {
        return to_abi(Error::not_connected);
    }
    switch (which) {
    case key(SOL_SOCKET, SO_REUSEADDR):
        return ip_get_option(common_part(socket), SOF_REUSEADDR) ? 1 : 0;
    case key(IPPROTO_IP, IP_TTL):
    case key(IPPROTO_IPV6, IPV6_UNICAST_HOPS): return common_part(socket)->ttl;
    default:
        return socket.is_stream() ? stream_option(socket, which) : datagram_option(socket, which);
    }
}

int32_t set_option(Socket& socket, uint32_t level, uint32_t option, uint32_t value,
                   const NetAddress& address)
{
    const uint32_t which = option > 0xFFFF || level > 0xFFFF ? 0xFFFFFFFF
                                                             : key(level, static_cast<int>(option));
    if (socket.tcp == nullptr) {
        return to_abi(Error::not_connected);
    }
    switch (which) {
    case key(SOL_SOCKET, SO_REUSEADDR):
        set_flag(common_part(socket), SOF_REUSEADDR, value != 0);
        return 0;
    case key(SOL_SOCKET, SO_RCVBUF): {
        const int32_t result = set_buffer(socket.options.receive_buffer, value);
        tcp_fit_window(socket);
        return result;
    }
    case key(SOL_SOCKET, SO_SNDBUF): {
        const int32_t result = set_buffer(socket.options.send_buffer, value);
        poll_note(socket);
        return result;
    }
    case key(IPPROTO_IPV6, IPV6_V6ONLY): return set_ipv6_only(socket, value != 0);
    case key(IPPROTO_IP, IP_TTL):
    case key(IPPROTO_IPV6, IPV6_UNICAST_HOPS):
        if (value < 1 || value > 255) {
            return to_abi(Error::invalid_argument);
        }
        common_part(socket)->ttl = static_cast<u8_t>(value);
        return 0;
    default:
        return socket.is_stream() ? set_stream_option(socket, which, value)
                                  : set_datagram_option(socket, which, value, address);
    }
}

void inherit_options(Socket& connection, const Socket& listener)
{
    connection.options = listener.options;
    connection.family = listener.family;
    connection.ipv4 = listener.ipv4;
    connection.ipv6 = listener.ipv6;
    apply_keep_alive(connection);
}
