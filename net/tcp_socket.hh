// TCP sockets over lwIP's raw API. The request functions answer the request, at once or, parked,
// from a callback.
#pragma once
#include "net/socket_table.hh"

// Gives a new socket its pcb. no_memory.
int32_t tcp_open(Socket& socket);

int32_t tcp_bind_socket(Socket& socket, const NetAddress& address);
int32_t tcp_listen_socket(Socket& socket, uint32_t backlog);
int32_t tcp_shutdown_socket(Socket& socket, uint32_t how);
void tcp_accept_request(Socket& socket, Request& request);
void tcp_connect_request(Socket& socket, Request& request);
void tcp_send_request(Socket& socket, Request& request);
void tcp_receive_request(Socket& socket, Request& request);

// The socket's own address or its peer's. not_connected.
int32_t tcp_name(const Socket& socket, bool peer, NetAddress* address);

// The receive buffer's size has changed: lets the peer send as much.
void tcp_fit_window(Socket& socket);

// Ends an attempt to connect, with this error for the program.
void tcp_fail_connect(Socket& socket, Error error);

// The POLL* bits that hold now.
int16_t tcp_events(const Socket& socket);

// Sends what this turn's requests queued.
void tcp_flush();

// Ends the connection: in order if all that came was read, else by a reset.
void tcp_end(Socket& socket);
