// UDP sockets, and ICMP sockets for ping, over lwIP's raw API.
#pragma once
#include <span>

#include "net/socket_table.hh"

// Gives a new socket its pcb. no_memory.
int32_t datagram_open(Socket& socket, Socket::Kind kind);

int32_t datagram_bind(Socket& socket, const NetAddress& address);
int32_t datagram_connect(Socket& socket, const NetAddress& address);
int32_t datagram_shutdown(Socket& socket, uint32_t how);
void datagram_send_request(Socket& socket, Request& request);
void datagram_receive_request(Socket& socket, Request& request);
int32_t datagram_name(const Socket& socket, bool peer, NetAddress* address);
// Gives the socket a datagram that is its (net/datagram_flow.hh).
void datagram_deliver(Socket& socket, std::span<const std::byte> datagram, const NetAddress& from);
// The peer of a connected socket cannot be reached: the next call tells.
void datagram_fail(Socket& socket, Error error);
int16_t datagram_events(const Socket& socket);
void datagram_end(Socket& socket);
