#include "net/icmp_errors.hh"

#include <optional>

#include "inc/string.hh"
#include "lwip/icmp.h"
#include "lwip/icmp6.h"
#include "lwip/inet_chksum.h"
#include "lwip/ip.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/prot/nd6.h"
#include "lwip/raw.h"
#include "lwip/tcp.h"
#include "lwip/udp.h"
#include "net/datagram_socket.hh"
#include "net/errors.hh"
#include "net/tcp_socket.hh"

namespace {

constexpr uint32_t header_bytes = 8;            // of ICMP; the packet that it is about follows
constexpr uint32_t quoted_bytes = 8;            // of TCP or UDP, at least: ports, sequence number
constexpr uint32_t ipv6_min_mtu = 1280;         // RFC 8200, 5

// What an error message tells of the packet that it is about.
struct Quoted {
    uint8_t protocol = 0;
    ip_addr_t remote{};
    uint16_t local_port = 0, remote_port = 0;
    uint32_t sequence = 0;
};

uint32_t word_at(const pbuf* packet, uint32_t offset)
{
    uint32_t word = 0;
    pbuf_copy_partial(packet, &word, sizeof word, static_cast<u16_t>(offset));
    return __builtin_bswap32(word);
}

void read_transport(Quoted& quoted, const pbuf* packet, uint32_t offset)
{
    const uint32_t ports = word_at(packet, offset);
    quoted.local_port = static_cast<uint16_t>(ports >> 16);
    quoted.remote_port = static_cast<uint16_t>(ports);
    quoted.sequence = word_at(packet, offset + 4);
}

// `packet` begins with the ICMP header.
std::optional<Quoted> quoted_by_ipv4(const pbuf* packet)
{
    const uint32_t ip_bytes = (word_at(packet, header_bytes) >> 24 & 15) * 4;
    if (ip_bytes < IP_HLEN || packet->tot_len < header_bytes + ip_bytes + quoted_bytes) {
        return {};
    }
    Quoted quoted;
    quoted.protocol = static_cast<uint8_t>(word_at(packet, header_bytes + 8) >> 16);
    quoted.remote = to_lwip({word_at(packet, header_bytes + 16)});
    read_transport(quoted, packet, header_bytes + ip_bytes);
    return quoted;
}

std::optional<Quoted> quoted_by_ipv6(const pbuf* packet)
{
    if (packet->tot_len < header_bytes + IP6_HLEN + quoted_bytes) {
        return {};
    }
    Quoted quoted;
    quoted.protocol = static_cast<uint8_t>(word_at(packet, header_bytes + 4) >> 8);
    NetAddress remote;
    remote.is_ipv6 = 1;
    pbuf_copy_partial(packet, remote.ip6.data(), static_cast<u16_t>(remote.ip6.size()),
                      header_bytes + 24);
    quoted.remote = to_lwip(remote);
    read_transport(quoted, packet, header_bytes + IP6_HLEN);
    return quoted;
}

// RFC 1122, 3.2.2.1. No error: what the stack need not tell its programs.
std::optional<Error> ipv4_error(uint8_t code)
{
    switch (code) {
    case ICMP_DUR_NET: case 6: case 11: return Error::network_unreachable;
    case ICMP_DUR_HOST: case 7: case 12: return Error::host_unreachable;
    case ICMP_DUR_PROTO: case ICMP_DUR_PORT: return Error::connection_refused;
    case 9: case 10: case 13: return Error::host_unreachable;      // forbidden on the way
    default: return {};
    }
}

// RFC 4443, 3.1.
std::optional<Error> ipv6_error(uint8_t code)
{
    switch (code) {
    case ICMP6_DUR_NO_ROUTE: return Error::network_unreachable;
    case ICMP6_DUR_PORT: return Error::connection_refused;
    default: return Error::host_unreachable;
    }
}

bool is_about(const Socket& socket, const Quoted& quoted)
{
    if (socket.kind == Socket::Kind::datagram) {
        return quoted.protocol == IP_PROTO_UDP && socket.state == Socket::State::connected
            && socket.udp->local_port == quoted.local_port
            && socket.udp->remote_port == quoted.remote_port
            && ip_addr_cmp_zoneless(&socket.udp->remote_ip, &quoted.remote);
    }
    // A connection that has come about outlives such messages (RFC 5461); and who has not seen
    // our SYN does not know its sequence number.
    return quoted.protocol == IP_PROTO_TCP && socket.kind == Socket::Kind::stream
        && socket.state == Socket::State::connecting && socket.tcp != nullptr
        && socket.tcp->state == SYN_SENT && socket.tcp->local_port == quoted.local_port
        && socket.tcp->remote_port == quoted.remote_port
        && socket.tcp->lastack == quoted.sequence
        && ip_addr_cmp_zoneless(&socket.tcp->remote_ip, &quoted.remote);
}

void tell_sockets(const Quoted& quoted, Error error)
{
    for (Socket& socket : sockets.all()) {
        if (socket.kind == Socket::Kind::free || !is_about(socket, quoted)) {
            continue;
        }
        if (socket.kind == Socket::Kind::datagram) {
            datagram_fail(socket, error);
        } else {
            tcp_fail_connect(socket, error);
        }
    }
}

// Packets to ourselves have no checksums.
bool has_checksum(u16_t kind) { return (ip_current_input_netif()->chksum_flags & kind) != 0; }

void look_at_ipv4(pbuf* packet)
{
    const uint32_t first = word_at(packet, 0);
    const std::optional<Error> error = ipv4_error(static_cast<uint8_t>(first >> 16));
    const bool damaged = has_checksum(NETIF_CHECKSUM_CHECK_ICMP) && inet_chksum_pbuf(packet) != 0;
    if (first >> 24 != ICMP_DUR || !error || damaged) {
        return;
    }
    if (const auto quoted = quoted_by_ipv4(packet)) {
        tell_sockets(*quoted, *error);
    }
}

// RFC 4861, 4.6: the options of a neighbour discovery message have a length other than 0, and lie
// within it. lwIP takes some of them on trust.
bool has_good_options(const pbuf* packet, uint32_t offset)
{
    while (offset < packet->tot_len) {
        const uint32_t length = (word_at(packet, offset) >> 16 & 0xFF) * 8;
        if (length == 0 || offset + length > packet->tot_len) {
            return false;
        }
        offset += length;
    }
    return offset == packet->tot_len;
}

// Whether lwIP may have the message.
bool is_sound(const pbuf* packet)
{
    switch (word_at(packet, 0) >> 24) {
    case ICMP6_TYPE_PTB: return word_at(packet, 4) >= ipv6_min_mtu;    // RFC 8201, 4
    case ICMP6_TYPE_RA: return has_good_options(packet, sizeof(ra_header));
    case ICMP6_TYPE_NS: return has_good_options(packet, sizeof(ns_header));
    case ICMP6_TYPE_NA: return has_good_options(packet, sizeof(na_header));
    case ICMP6_TYPE_RD: return has_good_options(packet, sizeof(redirect_header));
    default: return true;
    }
}

void look_at_ipv6(pbuf* packet)
{
    const uint32_t first = word_at(packet, 0);
    const std::optional<Error> error = ipv6_error(static_cast<uint8_t>(first >> 16));
    const bool damaged = has_checksum(NETIF_CHECKSUM_CHECK_ICMP6)
        && ip6_chksum_pseudo(packet, IP6_NEXTH_ICMP6, packet->tot_len, ip6_current_src_addr(),
                             ip6_current_dest_addr()) != 0;
    if (first >> 24 != ICMP6_TYPE_DUR || damaged) {
        return;
    }
    if (const auto quoted = quoted_by_ipv6(packet)) {
        tell_sockets(*quoted, *error);
    }
}

// lwIP shows a packet with its IP header, and goes on with it if we return 0.
u8_t on_ipv4(void*, raw_pcb*, pbuf* packet, const ip_addr_t*)
{
    const u16_t ip_bytes = ip_current_header_tot_len();
    pbuf_remove_header(packet, ip_bytes);
    look_at_ipv4(packet);
    pbuf_add_header_force(packet, static_cast<s16_t>(ip_bytes));
    return 0;
}

u8_t on_ipv6(void*, raw_pcb*, pbuf* packet, const ip_addr_t*)
{
    const u16_t ip_bytes = ip_current_header_tot_len();
    pbuf_remove_header(packet, ip_bytes);
    if (!is_sound(packet)) {
        pbuf_free(packet);
        return 1;
    }
    look_at_ipv6(packet);
    pbuf_add_header_force(packet, static_cast<s16_t>(ip_bytes));
    return 0;
}

} // namespace

void icmp_errors_start()
{
    raw_recv(raw_new_ip_type(IPADDR_TYPE_V4, IP_PROTO_ICMP), on_ipv4, nullptr);
    raw_recv(raw_new_ip_type(IPADDR_TYPE_V6, IP6_NEXTH_ICMP6), on_ipv6, nullptr);
}
