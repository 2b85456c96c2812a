// What the network server tells about itself.
#pragma once
#include "net/protocol.hh"

inline constexpr uint32_t max_listed_sockets = max_request_bytes / sizeof(SocketInfo);

// Copies what is known of each socket to `list`, `limit` entries at most. Returns how many, or
// not_found (no network server runs), no_memory.
int list_sockets(SocketInfo* list, uint32_t limit);

// The card's addresses. Returns 0, or an error as above.
int interface_info(InterfaceInfo* info);
