// ICMP messages that say that a packet of ours did not arrive (RFC 792, RFC 4443), for the sockets
// that sent it; and a look at those of IPv6 that lwIP believes too readily.
#pragma once

// To be called once, after lwIP has started.
void icmp_errors_start();
