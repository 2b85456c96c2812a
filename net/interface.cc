#include "net/interface.hh"

#include "inc/string.hh"
#include "lwip/etharp.h"
#include "lwip/ethip6.h"
#include "lwip/init.h"
#include "lwip/netif.h"
#include "lwip/prot/ethernet.h"
#include "lwip/stats.h"
#include "lwip/timeouts.h"
#include "net/addresses.hh"
#include "net/datagram_flow.hh"
#include "net/datagram_queue.hh"
#include "net/icmp_errors.hh"
#include "net/multicast.hh"
#include "net/receive_merge.hh"
#include "net/request.hh"
#include "netif/ethernet.h"

OutputQueue output_queue;
static netif card;
static bool has_card;
static ReceiveMerge receive_merge;

// With a card that sums, lwIP leaves these out. The header's sum of IPv4 it makes as it writes it.
static constexpr u16_t sums_of_card = NETIF_CHECKSUM_GEN_TCP | NETIF_CHECKSUM_GEN_UDP;
static constexpr u16_t sums_of_ours = NETIF_CHECKSUM_ENABLE_ALL & ~sums_of_card;
static constexpr u16_t sums_of_joined = NETIF_CHECKSUM_CHECK_IP | NETIF_CHECKSUM_CHECK_TCP;
static constexpr u16_t checked_sums = NETIF_CHECKSUM_CHECK_TCP | NETIF_CHECKSUM_CHECK_UDP;

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
    interface->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET
        | NETIF_FLAG_IGMP | NETIF_FLAG_MLD6;
    interface->output = etharp_output;
    interface->output_ip6 = ethip6_output;
    interface->linkoutput = send_frame;
    multicast_attach(*interface);
    return ERR_OK;
}

void interface_start_stack()
{
    lwip_init();
    icmp_errors_start();
}

void interface_add(const NetInfo& info, bool by_dhcp)
{
    memcpy(card.hwaddr, info.mac.data(), ethernet_address_bytes);
    netif_add(&card, nullptr, nullptr, nullptr, nullptr, initialise, ethernet_input);
    netif_set_default(&card);
    if ((info.offloads & NetOffload::checksum) != 0) {
        NETIF_SET_CHECKSUM_CTRL(&card, sums_of_ours);
        output_queue.use_offloads(info.offloads);
    }
    netif_set_up(&card);
    has_card = true;
    addresses_start(card, by_dhcp);
    interface_set_link(info.link_up != 0);
}

netif* interface_card() { return has_card ? &card : nullptr; }

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

// A frame that is shorter than Ethernet's shortest gets the zeros that its sender left out: lwIP
// reads whole IP headers and ARP messages before it looks at lengths. And zeros follow the frame:
// of IPv6's headers and options lwIP reads a few bytes before it looks whether they are there.
static constexpr size_t slack = 16;

static size_t padded(size_t size) { return size < min_frame_bytes ? min_frame_bytes : size; }

// Makes the buffer's first `size` bytes a frame; there is room for what is added to them.
static void finish(pbuf& buffer, size_t size)
{
    memset(static_cast<char*>(buffer.payload) + size, 0, padded(size) + slack - size);
    buffer.len = buffer.tot_len = static_cast<u16_t>(padded(size));
}

static pbuf* allocate(size_t size)
{
    return pbuf_alloc(PBUF_RAW, static_cast<u16_t>(padded(size) + slack), PBUF_RAM);
}

pbuf* interface_buffer() { return allocate(max_frame_bytes); }

// The card's filter may let pass what is for others (inc/net.hh).
static bool is_for_us(std::span<const uint8_t> frame)
{
    if (!has_card || frame.size() < sizeof(eth_hdr) || frame.size() > max_frame_bytes) {
        return false;
    }
    const bool to_many = (frame[0] & 1) != 0;
    return to_many || __builtin_memcmp(frame.data(), card.hwaddr, ethernet_address_bytes) == 0;
}

// Whether a frame holds a whole UDP datagram, or says so.
static bool is_datagram(std::span<const uint8_t> frame)
{
    const uint32_t type = number_at(&frame[12], 2);
    const bool is_fragment = (number_at(&frame[20], 2) & 0x3FFF) != 0;
    return type == ETHTYPE_IP ? frame[23] == protocol_udp && !is_fragment
                              : type == ETHTYPE_IPV6 && frame[20] == protocol_udp;
}

// Does `work`, in which lwIP leaves these checksums out.
template <typename Work> static void without_checksums(u16_t left_out, Work work)
{
    const auto usual = card.chksum_flags;
    NETIF_SET_CHECKSUM_CTRL(&card, usual & ~left_out);
    work();
    NETIF_SET_CHECKSUM_CTRL(&card, usual);
}

static void deliver(pbuf* packet)
{
    if (card.input(packet, &card) != ERR_OK) {
        pbuf_free(packet);
    }
}

static void deliver_joined(ReceiveMerge::Packet packet)
{
    without_checksums(packet.is_checked ? sums_of_joined : u16_t{0},
                      [&] { deliver(packet.frame); });
}

void interface_receive_end()
{
    datagram_flow.end();
    receive_merge.end(deliver_joined);
}

static void receive(pbuf* packet)
{
    datagram_flow.end();
    receive_merge.receive(packet, deliver_joined);
}

void interface_receive(std::span<const char> frame)
{
    if (!is_for_us({reinterpret_cast<const uint8_t*>(frame.data()), frame.size()})) {
        return;
    }
    pbuf* const packet = allocate(frame.size());
    if (packet == nullptr) {
        LINK_STATS_INC(link.memerr);
        return;                         // lost, as on a full card; TCP sends it again
    }
    memcpy(packet->payload, frame.data(), frame.size());
    finish(*packet, frame.size());
    receive(packet);
}

void interface_receive_in(pbuf* buffer, size_t size)
{
    if (!is_for_us({static_cast<const uint8_t*>(buffer->payload), size})) {
        pbuf_free(buffer);
        return;
    }
    finish(*buffer, size);
    receive(buffer);
}

// The only takers of datagrams are lwIP's own, which keep none, and DatagramQueue, which copies
// those as small as that.
bool interface_lend(pbuf* buffer, size_t size)
{
    if (size < min_frame_bytes || size > DatagramQueue::max_copied) {
        return false;
    }
    const std::span frame(static_cast<const uint8_t*>(buffer->payload), size);
    if (datagram_flow.receive(frame)) {
        return true;
    }
    if (!is_datagram(frame)) {
        return false;
    }
    if (!is_for_us(frame)) {
        return true;
    }
    void* const start = buffer->payload;
    finish(*buffer, size);
    pbuf_ref(buffer);
    interface_receive_end();
    datagram_flow.begin(frame);
    deliver(buffer);
    LWIP_ASSERT("a frame that was lent was kept", buffer->ref == 1);
    buffer->payload = start;
    buffer->flags = 0;
    return true;
}

static uint32_t sum_of(uint64_t first, uint64_t second, uint64_t third)
{
    return static_cast<uint32_t>(first + second + third);
}

static InterfaceInfo describe()
{
    InterfaceInfo info;
    const stats_& counted = lwip_stats;
    info.has_card = has_card ? 1 : 0;
    info.malformed = sum_of(counted.ip.chkerr + counted.ip.lenerr + counted.ip.err,
                            counted.tcp.chkerr + counted.tcp.lenerr,
                            counted.udp.chkerr + counted.udp.lenerr)
        + sum_of(counted.icmp.chkerr, counted.icmp.lenerr, counted.etharp.err)
        + sum_of(counted.ip6.lenerr + counted.ip6.err, counted.icmp6.chkerr + counted.icmp6.lenerr,
                 counted.nd6.lenerr + counted.nd6.proterr);
    info.no_memory = sum_of(counted.link.memerr, counted.ip.memerr, counted.tcp.memerr);
    if (has_card) {
        info.link_up = netif_is_link_up(&card) ? 1 : 0;
        info.mtu = card.mtu;
        addresses_describe(info);
        info.output_dropped = output_queue.dropped();
    }
    return info;
}

void interface_request(Request& request)
{
    const InterfaceInfo info = describe();
    if (request.header.size < sizeof(info) || request.header.size > request.room()) {
        return requests.answer(request, Error::invalid_argument);
    }
    if (!request.writable) {
        return requests.answer(request, Error::fault);
    }
    memcpy(request.data(), &info, sizeof(info));
    requests.answer(request, 0);
}

static bool in_timers;

void interface_check_timers()
{
    in_timers = true;
    sys_check_timeouts();
    in_timers = false;
    addresses_watch();
}

bool interface_in_timers() { return in_timers; }

// Packets to the card's own address never see the card: if it makes the checksums they have none.
void interface_loop_back()
{
    without_checksums(card.chksum_flags == sums_of_ours ? checked_sums : u16_t{0},
                      [] { netif_poll_all(); });
}
