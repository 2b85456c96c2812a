#include "net/addresses.hh"

#include "inc/stdio.hh"
#include "inc/string.hh"
#include "lwip/dhcp.h"
#include "lwip/dns.h"
#include "lwip/netif.h"
#include "net/errors.hh"
#include "net/multicast.hh"
#include "net/platform.hh"
#include "net/routes.hh"

static netif* card;
static AddressSource source = AddressSource::fixed;
static uint32_t asking_since_ms;
static uint32_t leased;                 // the address that DHCP has lent us, 0: none
static bool duplicate_told[max_ip6_addresses];

static_assert(max_ip6_addresses == LWIP_IPV6_NUM_ADDRESSES);

static void use_fixed_addresses()
{
    const ip_addr_t address = to_lwip({own_address});
    const ip_addr_t netmask = to_lwip({own_netmask});
    const ip_addr_t gateway = to_lwip({gateway_address});
    netif_set_addr(card, ip_2_ip4(&address), ip_2_ip4(&netmask), ip_2_ip4(&gateway));
    const ip_addr_t name_server = to_lwip({name_server_address});
    dns_setserver(0, &name_server);
}

static void ask_again()
{
    source = AddressSource::dhcp_asking;
    asking_since_ms = platform::now_ms();
    leased = 0;
}

void addresses_start(netif& interface, bool by_dhcp)
{
    card = &interface;
    netif_create_ip6_linklocal_address(card, 1);
    netif_set_ip6_autoconfig_enabled(card, 1);
    if (!by_dhcp) {
        return use_fixed_addresses();
    }
    ask_again();
    if (const err_t result = dhcp_start(card); result != ERR_OK) {
        cprintf("ns: DHCP cannot start: %s\n", error_text(lwip_result(result)));
    }
}

struct Ip4Text {
    char text[16];
    explicit Ip4Text(uint32_t ip)
    {
        snprintf(text, sizeof text, "%u.%u.%u.%u", ip >> 24, (ip >> 16) & 255, (ip >> 8) & 255,
                 ip & 255);
    }
};

static void tell_lease()
{
    const dhcp& state = *netif_dhcp_data(card);
    const u8_t* mac = card->hwaddr;
    cprintf("ns: %02x:%02x:%02x:%02x:%02x:%02x bound to IP %s by DHCP, lent by %s for %u s\n",
            mac[0], mac[1], mac[2], mac[3], mac[4], mac[5], Ip4Text(leased).text,
            Ip4Text(ipv4_from_lwip(state.server_ip_addr)).text, state.offered_t0_lease);
}

static void watch_dhcp()
{
    if (source == AddressSource::fixed) {
        return;
    }
    const uint32_t lease = dhcp_supplied_address(card) != 0
        ? ipv4_from_lwip(*netif_ip4_addr(card)) : 0;
    if (lease != leased && lease != 0) {
        source = AddressSource::dhcp_lease;
        leased = lease;
        tell_lease();
    } else if (lease == 0 && leased != 0) {
        cprintf("ns: the DHCP server has not renewed the lease of %s: asking again\n",
                Ip4Text(leased).text);
        ask_again();
    }
    if (source == AddressSource::dhcp_asking
        && platform::now_ms() - asking_since_ms >= dhcp_patience_ms) {
        source = AddressSource::dhcp_failed;
        use_fixed_addresses();
        cprintf("ns: no DHCP server answers: using IP %s until one does\n",
                Ip4Text(own_address).text);
    }
}

static Ip6State state_of(int index)
{
    const u8_t state = netif_ip6_addr_state(card, index);
    if (ip6_addr_isinvalid(state)) {
        return Ip6State::none;
    }
    if (ip6_addr_isduplicated(state)) {
        return Ip6State::duplicate;
    }
    if (ip6_addr_istentative(state)) {
        return Ip6State::tentative;
    }
    return ip6_addr_ispreferred(state) ? Ip6State::preferred : Ip6State::deprecated;
}

static void watch_duplicates()
{
    for (uint32_t i = 0; i < max_ip6_addresses; i++) {
        const bool duplicate = state_of(static_cast<int>(i)) == Ip6State::duplicate;
        if (duplicate && !duplicate_told[i]) {
            cprintf("ns: another station has our IPv6 address %s: not using it\n",
                    ip6addr_ntoa(netif_ip6_addr(card, i)));
        }
        duplicate_told[i] = duplicate;
    }
}

void addresses_watch()
{
    if (card != nullptr) {
        watch_dhcp();
        watch_duplicates();
    }
}

static Ip6Info describe(const ip6_addr_t& address, Ip6State state)
{
    Ip6Info info;
    memcpy(info.address.data(), address.addr, info.address.size());
    info.state = state;
    return info;
}

void addresses_describe(InterfaceInfo& info)
{
    if (card == nullptr) {
        return;
    }
    info.source = source;
    info.address = ipv4_from_lwip(*netif_ip4_addr(card));
    info.netmask = ipv4_from_lwip(*netif_ip4_netmask(card));
    info.gateway = ipv4_from_lwip(*netif_ip4_gw(card));
    info.name_server = ipv4_from_lwip(*dns_getserver(0));
    if (source == AddressSource::dhcp_lease) {
        const dhcp& state = *netif_dhcp_data(card);
        info.dhcp_server = ipv4_from_lwip(state.server_ip_addr);
        info.lease_s = state.offered_t0_lease;
    }
    for (uint32_t i = 0; i < max_ip6_addresses; i++) {
        info.ip6[i] = describe(*netif_ip6_addr(card, i), state_of(static_cast<int>(i)));
    }
    if (const ip6_addr_t* router = default_router(); router != nullptr) {
        info.ip6_router = describe(*router, Ip6State::preferred);
    }
    info.multicast_addresses = multicast_addresses();
}
