// What the core server tells of itself: NSREQ_STATUS.
#pragma once
#include "net/request.hh"

// Answers with a NetworkStatus in the client's page. fault: it cannot be written.
void status_request(Request& request);
