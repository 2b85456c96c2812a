// IPC values of the network server. The page that travels with them is described in
// net/protocol.hh (socket requests) and inc/net.hh (packets).
#pragma once
#include <cstdint>

inline constexpr uint32_t NSREQ_ACCEPT = 1, NSREQ_BIND = 2, NSREQ_SHUTDOWN = 3, NSREQ_CLOSE = 4,
    NSREQ_CONNECT = 5, NSREQ_LISTEN = 6, NSREQ_RECV = 7, NSREQ_SEND = 8, NSREQ_SOCKET = 9,
    NSREQ_INPUT = 10, NSREQ_OUTPUT = 11, NSREQ_TIMER = 12;
// Values from 16 on are ours; lib/ and net/ share them through net/protocol.hh.
