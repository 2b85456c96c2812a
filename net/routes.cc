#include "net/routes.hh"

#include "lwip/etharp.h"
#include "lwip/netif.h"
#include "lwip/priv/nd6_priv.h"
#include "net/interface.hh"

static bool is_on_link(const netif& card, const ip4_addr_t& ip)
{
    return ip4_addr_netcmp(&ip, netif_ip4_addr(&card), netif_ip4_netmask(&card));
}

static bool ipv4_has_route(const netif& card, const ip4_addr_t& ip)
{
    if (ip4_addr_isloopback(&ip) || ip4_addr_cmp(&ip, netif_ip4_addr(&card))) {
        return true;
    }
    if (ip4_addr_isany_val(*netif_ip4_addr(&card))) {
        return false;
    }
    return ip4_addr_ismulticast(&ip) || ip4_addr_isbroadcast(&ip, &card) || is_on_link(card, ip)
        || !ip4_addr_isany_val(*netif_ip4_gw(&card));
}

static bool ipv6_has_route(const netif& card, const ip6_addr_t& ip)
{
    if (ip6_addr_isloopback(&ip) || ip6_addr_ismulticast(&ip) || ip6_addr_islinklocal(&ip)
        || netif_get_ip6_addr_match(const_cast<netif*>(&card), &ip) >= 0) {
        return true;
    }
    for (int i = 0; i < LWIP_ND6_NUM_PREFIXES; i++) {
        const nd6_prefix_list_entry& prefix = prefix_list[i];
        if (prefix.netif == &card && prefix.invalidation_timer > 0
            && ip6_addr_netcmp(&prefix.prefix, &ip)) {
            return true;
        }
    }
    return default_router() != nullptr;
}

const ip6_addr_t* default_router()
{
    for (int i = 0; i < LWIP_ND6_NUM_ROUTERS; i++) {
        const nd6_router_list_entry& router = default_router_list[i];
        if (router.neighbor_entry != nullptr && router.invalidation_timer > 0) {
            return &router.neighbor_entry->next_hop_address;
        }
    }
    return nullptr;
}

bool has_route(const ip_addr_t& to)
{
    const netif* const card = interface_card();
    if (card == nullptr || !netif_is_link_up(card)) {
        return true;                    // lwIP knows better why not
    }
    return IP_IS_V6_VAL(to) ? ipv6_has_route(*card, *ip_2_ip6(&to))
                            : ipv4_has_route(*card, *ip_2_ip4(&to));
}

static bool ipv4_station_answers(netif& card, const ip4_addr_t& ip)
{
    if (ip4_addr_isloopback(&ip) || ip4_addr_cmp(&ip, netif_ip4_addr(&card))) {
        return true;
    }
    const ip4_addr_t* const next = is_on_link(card, ip) ? &ip : netif_ip4_gw(&card);
    eth_addr* ethernet = nullptr;
    const ip4_addr_t* found = nullptr;
    return etharp_find_addr(&card, next, &ethernet, &found) >= 0;
}

static bool has_answered(const ip6_addr_t& station)
{
    for (int i = 0; i < LWIP_ND6_NUM_NEIGHBORS; i++) {
        const nd6_neighbor_cache_entry& neighbour = neighbor_cache[i];
        if (neighbour.state > ND6_INCOMPLETE && ip6_addr_cmp(&neighbour.next_hop_address, &station)) {
            return true;
        }
    }
    return false;
}

static bool ipv6_station_answers(netif& card, const ip6_addr_t& ip)
{
    if (ip6_addr_isloopback(&ip) || netif_get_ip6_addr_match(&card, &ip) >= 0) {
        return true;
    }
    for (int i = 0; i < LWIP_ND6_NUM_DESTINATIONS; i++) {
        if (ip6_addr_cmp(&destination_cache[i].destination_addr, &ip)) {
            return has_answered(destination_cache[i].next_hop_addr);
        }
    }
    return false;
}

bool next_station_answers(const ip_addr_t& to)
{
    netif* const card = interface_card();
    if (card == nullptr) {
        return true;
    }
    return IP_IS_V6_VAL(to) ? ipv6_station_answers(*card, *ip_2_ip6(&to))
                            : ipv4_station_answers(*card, *ip_2_ip4(&to));
}
