// Socket options: SO_*, TCP_*, IP_* and IPV6_* of lib/socket.hh.
#pragma once
#include "net/socket_table.hh"

// The option's value; not_supported, not_connected (the connection has gone).
int32_t option_of(Socket& socket, uint32_t level, uint32_t option);

// Sets it. `address`: the group of those that join or leave one. invalid_argument, not_supported,
// not_connected, and what GroupList says.
int32_t set_option(Socket& socket, uint32_t level, uint32_t option, uint32_t value,
                   const NetAddress& address);

// Gives an accepted connection what its listener was told.
void inherit_options(Socket& connection, const Socket& listener);
