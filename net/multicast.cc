#include "net/multicast.hh"

#include <new>
#include <span>

#include "inc/string.hh"
#include "lwip/igmp.h"
#include "lwip/mld6.h"
#include "lwip/netif.h"
#include "net/errors.hh"
#include "net/heap.hh"
#include "net/interface.hh"
#include "net/platform.hh"

// The card's addresses. Several groups can have one, so each is counted. The first is IPv6's
// all-nodes group, which every host belongs to and lwIP does not mention.
static EthernetAddress addresses[max_multicast_addresses] = {{0x33, 0x33, 0, 0, 0, 1}};
static uint32_t uses[max_multicast_addresses] = {1};
static uint32_t count = 1;
static_assert(MEMP_NUM_IGMP_GROUP + MEMP_NUM_MLD6_GROUP + 1 <= max_multicast_addresses);

static void add(const EthernetAddress& address)
{
    for (uint32_t i = 0; i < count; i++) {
        if (addresses[i] == address) {
            uses[i]++;
            return;
        }
    }
    if (count == max_multicast_addresses) {
        return;                         // lwIP has not memory for as many groups
    }
    addresses[count] = address;
    uses[count++] = 1;
    platform::set_multicast({addresses, count});
}

static void remove(const EthernetAddress& address)
{
    for (uint32_t i = 0; i < count; i++) {
        if (addresses[i] == address && --uses[i] == 0) {
            count--;
            addresses[i] = addresses[count];
            uses[i] = uses[count];
            platform::set_multicast({addresses, count});
            return;
        }
    }
}

static err_t note(const EthernetAddress& address, netif_mac_filter_action action)
{
    if (action == NETIF_ADD_MAC_FILTER) {
        add(address);
    } else {
        remove(address);
    }
    return ERR_OK;
}

// RFC 1112, 6.4: the group's low 23 bits.
static err_t on_ipv4_group(netif*, const ip4_addr_t* group, netif_mac_filter_action action)
{
    return note({0x01, 0x00, 0x5E, static_cast<uint8_t>(ip4_addr2(group) & 0x7F), ip4_addr3(group),
                 ip4_addr4(group)}, action);
}

// RFC 2464, 7: the group's last four bytes.
static err_t on_ipv6_group(netif*, const ip6_addr_t* group, netif_mac_filter_action action)
{
    EthernetAddress address{0x33, 0x33};
    memcpy(address.data() + 2, &group->addr[3], 4);
    return note(address, action);
}

void multicast_attach(netif& interface)
{
    netif_set_igmp_mac_filter(&interface, on_ipv4_group);
    netif_set_mld_mac_filter(&interface, on_ipv6_group);
    platform::set_multicast({addresses, count});
}

uint32_t multicast_addresses() { return count; }

static bool is_same(const NetAddress& a, const NetAddress& b)
{
    return a.is_ipv6 == b.is_ipv6 && (a.is_ipv6 != 0 ? a.ip6 == b.ip6 : a.ip == b.ip);
}

GroupList::Member** GroupList::find(const NetAddress& group)
{
    Member** link = &first_;
    while (*link != nullptr && !is_same((*link)->group, group)) {
        link = &(*link)->next;
    }
    return link;
}

static err_t change(const NetAddress& group, bool join)
{
    const ip_addr_t ip = to_lwip(group);
    netif* const card = interface_card();
    if (card == nullptr) {
        return ERR_IF;
    }
    if (group.is_ipv6 != 0) {
        return join ? mld6_joingroup_netif(card, ip_2_ip6(&ip))
                    : mld6_leavegroup_netif(card, ip_2_ip6(&ip));
    }
    return join ? igmp_joingroup_netif(card, ip_2_ip4(&ip))
                : igmp_leavegroup_netif(card, ip_2_ip4(&ip));
}

static bool is_group(const NetAddress& address)
{
    const ip_addr_t ip = to_lwip(address);
    return ip_addr_ismulticast(&ip);
}

int32_t GroupList::join(const NetAddress& group)
{
    if (!is_group(group)) {
        return to_abi(Error::invalid_argument);
    }
    if (interface_card() == nullptr) {
        return to_abi(Error::no_device);
    }
    if (*find(group) != nullptr) {
        return to_abi(Error::address_in_use);
    }
    void* const memory = net_heap.allocate(sizeof(Member));
    if (memory == nullptr || change(group, true) != ERR_OK) {
        net_heap.free(memory);
        return to_abi(Error::no_memory);
    }
    first_ = new (memory) Member{first_, group};
    return 0;
}

int32_t GroupList::leave(const NetAddress& group)
{
    if (!is_group(group)) {
        return to_abi(Error::invalid_argument);
    }
    Member** const link = find(group);
    if (*link == nullptr) {
        return to_abi(Error::not_found);
    }
    Member* const member = *link;
    change(member->group, false);
    *link = member->next;
    net_heap.free(member);
    return 0;
}

void GroupList::leave_all()
{
    while (first_ != nullptr) {
        leave(NetAddress(first_->group));
    }
}
