// Socket requests, as lib/socket.cc makes them and the core server answers them.
//
// A request is an ipc_call with one of the values below and a run of the client's own pages: the
// first starts with a SocketRequest, the bytes to send or to be received follow it without a gap
// through the whole run. The answer's value is a result >= 0 or a negative error; it changes the
// header's `address` and the bytes. The answer to NSREQ_SOCKET and NSREQ_ACCEPT carries the new
// socket's descriptor page (net/descriptor.hh). A program need not be trusted with anything
// here: the server copies the header before it looks at it.
#pragma once
#include "inc/net.hh"
#include "inc/ns.hh"
#include "inc/types.hh"

inline constexpr uint32_t
    NSREQ_POLL = 16,            // argument[0]: entries that follow, [1]: timeout, ms
    NSREQ_NAME = 17,            // argument[0]: 0 own address, 1 the peer's
    NSREQ_GET_OPTION = 18,      // argument: level, option; the result is the value
    NSREQ_SET_OPTION = 19,      // argument: level, option, value
    NSREQ_OUTPUT_DONE = 20,     // output to core: the run has been sent
    NSREQ_LINK = 21,            // input to core: the link changed
    NSREQ_STATUS = 22,          // the answer's bytes are a NetworkStatus
    NSREQ_RESOLVE = 23,         // the bytes: a name, `size` of them; the answer's: its address
    NSREQ_SOCKETS = 24,         // the answer's bytes: SocketInfo; the result is how many
    NSREQ_INTERFACE = 25;       // the answer's bytes: an InterfaceInfo

// NSREQ_OUTPUT's value has this set when output is to say NSREQ_OUTPUT_DONE; without it output
// just sends the pages.
inline constexpr uint32_t output_wants_answer = 0x100;

// Host byte order.
struct NetAddress {
    uint32_t ip = 0;
    uint16_t port = 0;
    uint16_t unused = 0;
};

struct SocketRequest {
    uint32_t socket = 0;                // Fd::fd_object and
    uint32_t flags = 0;
    uint64_t ticket = 0;                // Fd::fd_ticket; neither for NSREQ_SOCKET and NSREQ_POLL
    NetAddress address;                 // bind, connect, send: whose; the answer's: the peer
    uint32_t argument[3] = {};          // socket: type, protocol; listen: backlog; shutdown: how
    uint32_t size = 0;                  // send: bytes that follow; recv: how many at most
    uint32_t unused[4] = {};
};
static_assert(sizeof(SocketRequest) == 56);

inline constexpr uint32_t
    request_no_wait = 1,                // try_again instead of waiting
    request_peek = 2,                   // recv leaves the data where it is
    request_has_address = 4;            // send to `address`

inline constexpr uint32_t socket_stream = 1, socket_datagram = 2, socket_icmp = 3;

// One of NSREQ_POLL's entries; the server sets `returned`. The bits are POSIX's (lib/socket.hh).
struct PollEntry {
    uint32_t socket = 0;
    int16_t events = 0;
    int16_t returned = 0;
    uint64_t ticket = 0;
};
static_assert(sizeof(PollEntry) == 16);

// What NSREQ_STATUS tells.
struct NetworkStatus {
    NetInfo card;
    NetRings rings;
    uint32_t has_card = 0;              // else the two above are empty
    uint32_t sockets = 0, socket_limit = 0;
    uint32_t listening = 0, connecting = 0, connected = 0, closed = 0;      // TCP
    uint32_t datagram = 0, icmp = 0;
    uint32_t to_accept = 0;             // connected, but no program has accepted them yet
    uint32_t time_wait = 0;             // connections that ended and are still remembered
};
static_assert(sizeof(SocketRequest) + sizeof(NetworkStatus) <= page_size);

// TCP's states (RFC 9293), in lwIP's order; `none` for other sockets.
enum class SocketState : uint8_t {
    closed, listening, syn_sent, syn_received, established, fin_wait_1, fin_wait_2, close_wait,
    closing, last_ack, time_wait, none,
};

// What NSREQ_SOCKETS tells of each socket, and of each connection that lwIP is still closing. Not
// more than `size` bytes of them.
struct SocketInfo {
    uint8_t kind = 0;                   // socket_stream, ...
    SocketState state = SocketState::none;
    uint16_t unused = 0;
    int32_t owner = 0;                  // the environment that opened or accepted it; 0: nobody's
    NetAddress local, remote;
    uint32_t received = 0;              // bytes that nobody has taken yet
    uint32_t unacknowledged = 0;        // bytes that the peer has not got yet
};
static_assert(sizeof(SocketInfo) == 32);

// What NSREQ_INTERFACE tells: the card's addresses, and what the network server itself dropped.
struct InterfaceInfo {
    uint32_t has_card = 0, link_up = 0;
    uint32_t by_dhcp = 0;               // the addresses come from a DHCP server
    uint32_t mtu = 0;
    uint32_t address = 0, netmask = 0, gateway = 0, name_server = 0;
    uint32_t malformed = 0;             // packets dropped by a bad header or checksum
    uint32_t no_memory = 0;             // and for lack of memory
    uint64_t output_dropped = 0;        // frames for the card that found its queue full
};
static_assert(sizeof(InterfaceInfo) == 48);

inline constexpr uint32_t max_name_bytes = 253;     // of a host's name (RFC 1035)

inline constexpr uint32_t max_request_pages = 17;
inline constexpr uint32_t max_request_bytes =
    max_request_pages * page_size - sizeof(SocketRequest);
