// What the core server does with a client's request.
#pragma once
#include "net/request.hh"

// Answers the request, or parks it on its socket.
void dispatch(Request& request);
