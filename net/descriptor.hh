// What is in a socket's descriptor page, which the core server fills in and its clients share.
#pragma once
#include "lib/fd.hh"

inline constexpr uint32_t socket_device_id = 's';

struct SocketDescriptor {
    Fd fd;
    uint32_t kind = 0;                  // socket_stream, ... of net/protocol.hh
    uint32_t family = 0;                // family_ipv4 or family_ipv6
};
