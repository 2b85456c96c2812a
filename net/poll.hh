// Requests that wait for one of many sockets: polls, and batches (net/batch.hh).
//
// A parked poll marks its sockets with a bit; what happens on a socket collects the bits, and at
// the end of the turn the polls with those bits look at their sockets again. Two polls may share
// a bit: that costs a look, nothing else.
#pragma once
#include "net/socket_table.hh"

void poll_request(Request& request);
void batch_request(Request& request);
void poll_socket(Socket& socket, Request& request);     // a batch's entry

// Something happened on the socket.
void poll_note(Socket& socket);
// How often that was: a socket's `last_event` is more if it was its turn since.
uint64_t poll_events();

// The same, for the requests of `list` as well, which are parked on the socket: `try_answer`
// answers them, first come first served, until it says that one has to wait on.
void poll_wake(Socket& socket, RequestList& list, bool (*try_answer)(Socket&, Request&));

// Answers the polls that have become ready or are out of time. Returns how long until the next
// is out of time, wait_forever if none waits with a limit.
uint32_t poll_answer();
