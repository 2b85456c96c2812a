// How the card gets its addresses: IPv4's are built in or come by DHCP (RFC 2131), IPv6's are made
// from its Ethernet address and what routers advertise (RFC 4862).
#pragma once
#include "net/protocol.hh"

struct netif;

inline constexpr uint32_t own_address = 0x0A00020F;         // 10.0.2.15
inline constexpr uint32_t own_netmask = 0xFFFFFF00;
inline constexpr uint32_t gateway_address = 0x0A000202;     // 10.0.2.2
inline constexpr uint32_t name_server_address = 0x0A000203; // 10.0.2.3

// How long DHCP may take until the built-in addresses do.
inline constexpr uint32_t dhcp_patience_ms = 10'000;

// Gives the card, which is up, its addresses, or starts to ask for them.
void addresses_start(netif& card, bool by_dhcp);

// Notices what has changed, and says it. To be called with each tick.
void addresses_watch();

// Fills in the addresses.
void addresses_describe(InterfaceInfo& info);
