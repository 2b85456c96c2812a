#include "lib/socket_address.hh"

#include "inc/string.hh"

NetAddress net_address(const in_addr& ip) { return {ntohl(ip.s_addr)}; }

NetAddress net_address(const in6_addr& ip)
{
    if (is_mapped_ipv4(ip)) {
        in_addr ip4;
        memcpy(&ip4, &ip.s6_addr[12], sizeof ip4);
        return net_address(ip4);
    }
    NetAddress address;
    address.is_ipv6 = 1;
    memcpy(address.ip6.data(), ip.s6_addr, sizeof ip.s6_addr);
    return address;
}

int read_socket_address(const sockaddr* from, socklen_t length, NetAddress* address)
{
    if (from == nullptr || length < sizeof(sockaddr_in)) {
        return to_abi(Error::invalid_argument);
    }
    if (from->sa_family == AF_INET) {
        const auto& in = *reinterpret_cast<const sockaddr_in*>(from);
        *address = net_address(in.sin_addr);
        address->port = ntohs(in.sin_port);
        return 0;
    }
    if (from->sa_family == AF_INET6 && length >= sizeof(sockaddr_in6)) {
        const auto& in6 = *reinterpret_cast<const sockaddr_in6*>(from);
        *address = net_address(in6.sin6_addr);
        address->port = ntohs(in6.sin6_port);
        return 0;
    }
    return to_abi(Error::invalid_argument);
}

static sockaddr_in6 as_in6(const NetAddress& from)
{
    sockaddr_in6 in6;
    in6.sin6_family = AF_INET6;
    in6.sin6_port = htons(from.port);
    if (from.is_ipv6 != 0) {
        memcpy(in6.sin6_addr.s6_addr, from.ip6.data(), from.ip6.size());
        const bool link_local = from.ip6[0] == 0xFE && (from.ip6[1] & 0xC0) == 0x80;
        in6.sin6_scope_id = link_local ? 1 : 0;
    } else {
        const uint32_t ip = htonl(from.ip);
        in6.sin6_addr.s6_addr[10] = in6.sin6_addr.s6_addr[11] = 0xFF;
        memcpy(&in6.sin6_addr.s6_addr[12], &ip, sizeof ip);
    }
    return in6;
}

void write_socket_address(const NetAddress& from, int family, sockaddr* to, socklen_t* length)
{
    if (to == nullptr || length == nullptr) {
        return;
    }
    const sockaddr_in in = socket_address(from.ip, from.port);
    const sockaddr_in6 in6 = as_in6(from);
    const void* const bytes = family == AF_INET ? static_cast<const void*>(&in) : &in6;
    const socklen_t size = family == AF_INET ? sizeof in : sizeof in6;
    memcpy(to, bytes, *length < size ? *length : size);
    *length = size;
}
