// What lwIP does not tell by itself: whether any way leads to an address, and whether the next
// station on it answers.
#pragma once

#include "lwip/ip_addr.h"

// False: the card's network does not have the address, and there is no router.
bool has_route(const ip_addr_t& to);

// False: the next station on the way to `to` has been asked for its Ethernet address and has not
// answered (ARP, or neighbour discovery).
bool next_station_answers(const ip_addr_t& to);

// IPv6's default router; null: none has advertised itself.
const ip6_addr_t* default_router();
