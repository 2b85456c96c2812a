// Shows the network card, its addresses, and what it has counted since boot.
#include "lib/lib.hh"
#include "lib/network_status.hh"

static void print_address(const char* label, uint32_t address)
{
    printf("  %s %s", label, inet_ntoa(in_addr{htonl(address)}));
}

static void print_card(const NetInfo& card)
{
    const auto& mac = card.mac;
    printf("en0: %.*s %.*s, MAC %02x:%02x:%02x:%02x:%02x:%02x\n",
           static_cast<int>(sizeof card.driver), card.driver, static_cast<int>(sizeof card.model),
           card.model, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
    if (card.link_up != 0) {
        printf("  link up, %u Mbit/s %s duplex", card.link_mbit,
               card.full_duplex != 0 ? "full" : "half");
    } else {
        printf("  link down");
    }
    printf("; %u changes\n", card.link_changes);
}

static void print_source(const InterfaceInfo& info)
{
    switch (info.source) {
    case AddressSource::fixed: printf("built in"); break;
    case AddressSource::dhcp_asking: printf("no address yet: asking for one by DHCP"); break;
    case AddressSource::dhcp_lease:
        printf("by DHCP from %s, lent for %u s", inet_ntoa(in_addr{htonl(info.dhcp_server)}),
               info.lease_s);
        break;
    case AddressSource::dhcp_failed: printf("built in, as no DHCP server answers"); break;
    }
}

static const char* state_name(Ip6State state)
{
    switch (state) {
    case Ip6State::tentative: return ", tentative";
    case Ip6State::deprecated: return ", deprecated";
    case Ip6State::duplicate: return ", another station has it too";
    default: return "";
    }
}

static void print_ip6(const char* label, const Ip6Info& info)
{
    char text[INET6_ADDRSTRLEN];
    if (info.state != Ip6State::none) {
        printf("  %s %s%s\n", label, inet_ntop(AF_INET6, info.address.data(), text, sizeof text),
               state_name(info.state));
    }
}

static void print_addresses(const InterfaceInfo& info)
{
    print_address("address", info.address);
    print_address("netmask", info.netmask);
    print_address("gateway", info.gateway);
    print_address("name server", info.name_server);
    printf("\n  ");
    print_source(info);
    printf("; mtu %u, %u multicast addresses\n", info.mtu, info.multicast_addresses);
    for (const Ip6Info& address : info.ip6) {
        print_ip6("IPv6 address", address);
    }
    print_ip6("IPv6 router", info.ip6_router);
}

static void print_counters(const NetInfo& card, const InterfaceInfo& info)
{
    printf("  received %llu packets, %llu bytes; %llu missed, %llu errors; ring of %u\n",
           card.rx_packets, card.rx_bytes, card.rx_missed, card.rx_errors, card.receive_slots);
    printf("  sent %llu packets, %llu bytes; %llu times no slot, %llu dropped; ring of %u\n",
           card.tx_packets, card.tx_bytes, card.tx_full, info.output_dropped,
           card.transmit_slots);
    printf("  %llu interrupts; %u packets malformed, %u dropped for lack of memory\n",
           card.interrupts, info.malformed, info.no_memory);
}

void umain(int, char**)
{
    NetworkStatus status;
    InterfaceInfo info;
    int result = network_status(&status);
    if (result == 0) {
        result = interface_info(&info);
    }
    if (result < 0) {
        fprintf(2, "ifconfig: %s\n",
                result == to_abi(Error::not_found) ? "no network server runs" : error_text(result));
        exit(1);
    }
    if (status.has_card == 0) {
        printf("no network card; this machine itself is 127.0.0.1\n");
        return;
    }
    print_card(status.card);
    print_addresses(info);
    print_counters(status.card, info);
}
