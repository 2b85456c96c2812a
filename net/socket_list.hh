// NSREQ_SOCKETS: what sockets there are, for netstat.
#pragma once
#include "net/request.hh"

void socket_list_request(Request& request);
