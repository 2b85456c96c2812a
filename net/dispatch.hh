// What the core server does with a client's request.
#pragma once
#include "net/request.hh"

// Answers the request, or parks it on its socket.
void dispatch(Request& request);

// The same for a request about a socket, which has been found: a part of a batch, above all.
void dispatch_to(Socket& socket, Request& request);
