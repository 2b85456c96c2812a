// For the socket library alone: programs' addresses and the network server's.
#pragma once
#include "lib/socket.hh"
#include "net/protocol.hh"

// Reads an address that a program gave. Returns 0 or invalid_argument.
int read_socket_address(const sockaddr* from, socklen_t length, NetAddress* address);

// Writes an address as a socket of `family` has it, cut off to *length, and sets *length to what is
// whole. `to` and `length` may be null.
void write_socket_address(const NetAddress& from, int family, sockaddr* to, socklen_t* length);

NetAddress net_address(const in_addr& ip);
NetAddress net_address(const in6_addr& ip);
