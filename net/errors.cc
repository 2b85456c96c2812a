#include "net/errors.hh"

#include "inc/string.hh"
#include "lwip/netif.h"
#include "net/interface.hh"
#include "net/socket_table.hh"

static constexpr uint32_t loop_back_ip = 0x7F000001;

ip_addr_t to_lwip(const NetAddress& address)
{
    ip_addr_t result{};
    if (address.is_ipv6 == 0) {
        ip_addr_set_ip4_u32_val(result, __builtin_bswap32(address.ip));
        return result;
    }
    IP_SET_TYPE_VAL(result, IPADDR_TYPE_V6);
    memcpy(ip_2_ip6(&result)->addr, address.ip6.data(), address.ip6.size());
    if (netif* const card = interface_card(); card != nullptr) {
        ip6_addr_assign_zone(ip_2_ip6(&result), IP6_UNKNOWN, card);
    }
    return result;
}

NetAddress from_lwip(const ip_addr_t& address, uint16_t port)
{
    NetAddress result;
    result.port = port;
    if (IP_IS_V6_VAL(address)) {
        result.is_ipv6 = 1;
        memcpy(result.ip6.data(), ip_2_ip6(&address)->addr, result.ip6.size());
    } else if (!IP_IS_ANY_TYPE_VAL(address)) {
        result.ip = ipv4_from_lwip(address);
    } else {
        result.is_ipv6 = 1;             // of IPv4 and IPv6: "::" stands for both
    }
    return result;
}

ip_addr_t bind_address(const Socket& socket, const NetAddress& address)
{
    ip_addr_t result = to_lwip(address);
    if (socket.ipv4 && socket.ipv6 && ip_addr_isany_val(result)) {
        IP_SET_TYPE_VAL(result, IPADDR_TYPE_ANY);
    } else if (!socket.ipv4 && ip_addr_isany_val(result)) {
        IP_SET_TYPE_VAL(result, IPADDR_TYPE_V6);
    }
    return result;
}

NetAddress own_if_any(const NetAddress& address)
{
    NetAddress result = address;
    if (address.is_ipv6 != 0 && address.ip6 == NetAddress().ip6) {
        result.ip6.back() = 1;
    } else if (address.is_ipv6 == 0 && address.ip == 0) {
        result.ip = loop_back_ip;
    }
    return result;
}

Error route_error(err_t error)
{
    if (error != ERR_RTE) {
        return error_of(error);
    }
    const netif* const card = interface_card();
    if (card == nullptr) {
        return Error::no_device;
    }
    return netif_is_link_up(card) ? Error::host_unreachable : Error::link_down;
}

bool is_own_address(const NetAddress& address)
{
    const ip_addr_t ip = to_lwip(address);
    if (ip_addr_isany_val(ip) || ip_addr_isloopback(&ip)) {
        return true;
    }
    const netif* const card = interface_card();
    if (card == nullptr) {
        return false;
    }
    if (IP_IS_V6_VAL(ip)) {
        const s8_t index = netif_get_ip6_addr_match(const_cast<netif*>(card), ip_2_ip6(&ip));
        return index >= 0 && ip6_addr_isvalid(netif_ip6_addr_state(card, index));
    }
    return ip4_addr_cmp(ip_2_ip4(&ip), netif_ip4_addr(card));
}
