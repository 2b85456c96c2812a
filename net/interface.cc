#include "net/interface.hh"

#include "inc/string.hh"
#include "lwip/etharp.h"
#include "lwip/init.h"
#include "lwip/netif.h"
#include "lwip/prot/ethernet.h"
#include "net/errors.hh"
#include "netif/ethernet.h"

OutputQueue output_queue;
static netif card;
static bool has_card;

static constexpr size_t min_arp_frame = 14 + 28;

static err_t send_frame(netif*, pbuf* frame)
{
    return output_queue.add(frame) ? ERR_OK : ERR_MEM;
}

static err_t initialise(netif* interface)
{
    interface->name[0] = 'e';
    interface->name[1] = 'n';
    interface->mtu = 1500;
    interface->hwaddr_len = ethernet_address_bytes;
    interface->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET;
    interface->output = etharp_output;
    interface->linkoutput = send_frame;
    return ERR_OK;
}

void interface_start_stack() { lwip_init(); }

void interface_add(const NetInfo& info)
{
    const ip_addr_t address = to_lwip(own_address);
    const ip_addr_t netmask = to_lwip(own_netmask);
    const ip_addr_t gateway = to_lwip(gateway_address);
    memcpy(card.hwaddr, info.mac.data(), ethernet_address_bytes);
    netif_add(&card, ip_2_ip4(&address), ip_2_ip4(&netmask), ip_2_ip4(&gateway), nullptr,
              initialise, ethernet_input);
    netif_set_default(&card);
    netif_set_up(&card);
    has_card = true;
    interface_set_link(info.link_up != 0);
}

void interface_set_link(bool up)
{
    if (!has_card) {
        return;
    }
    if (up) {
        netif_set_link_up(&card);       // announces our address again
    } else {
        netif_set_link_down(&card);
    }
}

// lwIP reads a whole ARP message without a look at the length.
static bool is_acceptable(std::span<const char> frame)
{
    if (frame.size() < sizeof(eth_hdr) || frame.size() > max_frame_bytes) {
        return false;
    }
    const bool is_arp = frame[12] == 0x08 && frame[13] == 0x06;
    return !is_arp || frame.size() >= min_arp_frame;
}

void interface_receive(std::span<const char> frame)
{
    if (!has_card || !is_acceptable(frame)) {
        return;
    }
    const u16_t size = static_cast<u16_t>(frame.size());
    pbuf* packet = pbuf_alloc(PBUF_RAW, size, PBUF_RAM);
    if (packet == nullptr) {
        LINK_STATS_INC(link.memerr);
        return;                         // lost, as on a full card; TCP sends it again
    }
    memcpy(packet->payload, frame.data(), size);
    if (card.input(packet, &card) != ERR_OK) {
        pbuf_free(packet);
    }
}

void interface_loop_back() { netif_poll_all(); }

Error route_error(err_t error)
{
    if (error != ERR_RTE) {
        return error_of(error);
    }
    if (!has_card) {
        return Error::no_device;
    }
    return netif_is_link_up(&card) ? Error::host_unreachable : Error::link_down;
}

bool is_own_address(uint32_t ip)
{
    return ip == 0 || (ip >> 24) == 127 || (has_card && ip == own_address);
}
