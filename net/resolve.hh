// Host names to addresses: NSREQ_RESOLVE over lwIP's DNS client.
#pragma once
#include "net/request.hh"

// Answers the request, or parks it until the name server answers or is out of time.
void resolve_request(Request& request);
