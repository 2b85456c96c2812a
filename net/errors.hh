// lwIP's errors and addresses as ours.
#pragma once
#include "inc/error.hh"
#include "lwip/err.h"
#include "lwip/ip_addr.h"
#include "lwip/netif.h"
#include "net/protocol.hh"

// An IPv6 address of this link gets the card's zone.
ip_addr_t to_lwip(const NetAddress& address);

inline uint32_t ipv4_from_lwip(const ip_addr_t& address)
{
    return __builtin_bswap32(IP_IS_V6_VAL(address) ? 0 : ip_2_ip4(&address)->addr);
}
inline uint32_t ipv4_from_lwip(const ip4_addr_t& address) { return __builtin_bswap32(address.addr); }

NetAddress from_lwip(const ip_addr_t& address, uint16_t port);

inline Error error_of(err_t error)
{
    switch (error) {
    case ERR_MEM: case ERR_BUF: return Error::no_memory;
    case ERR_TIMEOUT: return Error::timed_out;
    case ERR_RTE: return Error::host_unreachable;
    case ERR_INPROGRESS: return Error::in_progress;
    case ERR_WOULDBLOCK: return Error::try_again;
    case ERR_USE: return Error::address_in_use;
    case ERR_ALREADY: return Error::in_progress;
    case ERR_ISCONN: return Error::already_connected;
    case ERR_CONN: return Error::not_connected;
    case ERR_IF: return Error::io;
    case ERR_ABRT: return Error::connection_aborted;
    case ERR_RST: return Error::connection_reset;
    case ERR_CLSD: return Error::broken_pipe;
    default: return Error::invalid_argument;
    }
}

inline int32_t lwip_result(err_t error) { return error == ERR_OK ? 0 : to_abi(error_of(error)); }

// Where to bind a socket to: if `address` is any, to both of IPv4 and IPv6, if it can use them.
struct Socket;
ip_addr_t bind_address(const Socket& socket, const NetAddress& address);

// Packets to the address "any" go to this machine: its loop-back address instead, or `address`.
NetAddress own_if_any(const NetAddress& address);

// What a failed attempt to send to some address means: the link is down, if it is and there is
// nothing else that leads there; or no card.
Error route_error(err_t error);

// Whether sockets may be bound to `address`: any, the loop-back network, the interface's.
bool is_own_address(const NetAddress& address);
