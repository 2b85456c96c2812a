// Socket requests, as lib/socket.cc makes them and the core server answers them.
//
// A request is an ipc_call with one of the values below and a run of the client's own pages: the
// first starts with a SocketRequest, the bytes to send or to be received follow it without a gap
// through the whole run. The answer's value is a result >= 0 or a negative error; it changes the
// header's `address` and the bytes. The answer to NSREQ_SOCKET and NSREQ_ACCEPT carries the new
// socket's descriptor page (net/descriptor.hh); ACCEPT's value is how many more wait to be accepted.
// A program need not be trusted with anything here: the server copies the header before it looks at
// it.
#pragma once
#include <array>

#include "inc/net.hh"
#include "inc/ns.hh"
#include "inc/types.hh"

inline constexpr uint32_t
    NSREQ_POLL = 16,            // argument[0]: entries that follow, [1]: timeout, ms
    NSREQ_NAME = 17,            // argument[0]: 0 own address, 1 the peer's
    NSREQ_GET_OPTION = 18,      // argument: level, option; the result is the value
    NSREQ_SET_OPTION = 19,      // argument: level, option, value; address: a multicast group
    NSREQ_OUTPUT_DONE = 20,     // output to core: the run has been sent
    NSREQ_LINK = 21,            // input to core: the link changed
    NSREQ_STATUS = 22,          // the answer's bytes are a NetworkStatus
    NSREQ_RESOLVE = 23,         // the bytes: a name, `size` of them; argument[0]: family
    NSREQ_SOCKETS = 24,         // the answer's bytes: SocketInfo; the result is how many
    NSREQ_INTERFACE = 25,       // the answer's bytes: an InterfaceInfo
    NSREQ_BATCH = 26;           // argument[0]: entries that follow, [1]: timeout, ms

// NSREQ_OUTPUT's value has this set when output is to say NSREQ_OUTPUT_DONE; without it output
// just sends the pages.
inline constexpr uint32_t output_wants_answer = 0x100;

// An IPv4 or IPv6 address and a port.
struct NetAddress {
    uint32_t ip = 0;                    // IPv4, host byte order
    uint16_t port = 0;                  // host byte order
    uint8_t is_ipv6 = 0;                // then the address is this:
    uint8_t unused = 0;
    std::array<uint8_t, 16> ip6{};
};

struct SocketRequest {
    uint32_t socket = 0;                // Fd::fd_object and
    uint32_t flags = 0;
    uint64_t ticket = 0;                // Fd::fd_ticket; neither for NSREQ_SOCKET and NSREQ_POLL
    NetAddress address;                 // bind, connect, send: whose; the answer's: the peer
    uint32_t argument[3] = {};          // socket: type, family; listen: backlog; shutdown: how
    uint32_t size = 0;                  // send: bytes that follow; recv: how many at most
};
static_assert(sizeof(SocketRequest) == 56);

inline constexpr uint32_t
    request_no_wait = 1,                // try_again instead of waiting
    request_peek = 2,                   // recv leaves the data where it is
    request_has_address = 4,            // send to `address`
    request_many = 8;                   // datagrams: the bytes are DatagramRecords, the result is
                                        //   how many of them

inline constexpr uint32_t socket_stream = 1, socket_datagram = 2, socket_icmp = 3;
// A socket's family; 0 in NSREQ_RESOLVE: either, IPv4 first.
inline constexpr uint32_t family_ipv4 = 4, family_ipv6 = 6;

// One of NSREQ_POLL's entries; the server sets `returned`. The bits are POSIX's (lib/socket.hh).
struct PollEntry {
    uint32_t socket = 0;
    int16_t events = 0;
    int16_t returned = 0;
    uint64_t ticket = 0;
};
static_assert(sizeof(PollEntry) == 16);

// With request_many: a datagram's header; its bytes follow, and up to 7 more, so that the next
// header is aligned.
struct DatagramRecord {
    NetAddress address;                 // from or to whom
    uint32_t size = 0;                  // of its bytes
    uint32_t unused = 0;
    // How many bytes the header and its datagram take.
    static constexpr uint32_t whole(uint32_t size)
    {
        return static_cast<uint32_t>(sizeof(DatagramRecord)) + ((size + 7) & ~7u);
    }
    constexpr uint32_t whole() const { return whole(size); }
};
static_assert(sizeof(DatagramRecord) == 32);

// One of NSREQ_BATCH's entries: a request of its own, NSREQ_RECV, SEND, ACCEPT, CLOSE or POLL
// (which waits for the events in argument[0], and returns them). The server does them in order, and
// answers when one that is awaited is done, when another failed or sent only a part or nothing, when
// one has brought a descriptor, or when argument[1] ms are over; the answer's value is how many are
// done, or 0 if the time was up first (the results say which are). One ACCEPT at most is done. All
// entries together may send and receive twice as many bytes as lie behind the header: the entry that
// goes beyond is an invalid_argument.
struct BatchEntry {
    SocketRequest request;
    uint32_t code = 0;
    uint32_t offset = 0;                // of its bytes, from the start of the run
    int32_t result = 0;                 // the server sets it; try_again: not done
    uint32_t awaited = 0;
};
static_assert(sizeof(BatchEntry) == 72);
inline constexpr uint32_t max_batch_entries = 1100, max_batch_pages = 384;

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
    uint8_t ipv4 = 0, ipv6 = 0;         // which of them it can use
    int32_t owner = 0;                  // the environment that opened or accepted it; 0: nobody's
    NetAddress local, remote;
    uint32_t received = 0;              // bytes that nobody has taken yet
    uint32_t unacknowledged = 0;        // bytes that the peer has not got yet
};
static_assert(sizeof(SocketInfo) == 64);

// Where the IPv4 addresses come from.
enum class AddressSource : uint32_t {
    fixed,                              // they are built in
    dhcp_asking,                        // no DHCP server has answered yet: there is none
    dhcp_lease,                         // a DHCP server has lent them
    dhcp_failed,                        // none has answered for long: the built-in ones until then
};

// Of an IPv6 address (RFC 4862).
enum class Ip6State : uint8_t { none, tentative, preferred, deprecated, duplicate };
struct Ip6Info {
    std::array<uint8_t, 16> address{};
    Ip6State state = Ip6State::none;
    uint8_t unused[3] = {};
};
inline constexpr uint32_t max_ip6_addresses = 4;

// What NSREQ_INTERFACE tells: the card's addresses, and what the network server itself dropped.
struct InterfaceInfo {
    uint32_t has_card = 0, link_up = 0;
    AddressSource source = AddressSource::fixed;
    uint32_t mtu = 0;
    uint32_t address = 0, netmask = 0, gateway = 0, name_server = 0;
    uint32_t dhcp_server = 0, lease_s = 0;              // of dhcp_lease
    std::array<Ip6Info, max_ip6_addresses> ip6{};
    Ip6Info ip6_router;                 // the default router; state none: there is none
    uint32_t multicast_addresses = 0;   // that the card is to receive
    uint32_t malformed = 0;             // packets dropped by a bad header or checksum
    uint32_t no_memory = 0;             // and for lack of memory
    uint64_t output_dropped = 0;        // frames for the card that found its queue full
};
static_assert(sizeof(InterfaceInfo) == 48 + 12 + 5 * sizeof(Ip6Info));

inline constexpr uint32_t max_name_bytes = 253;     // of a host's name (RFC 1035)

inline constexpr uint32_t max_request_pages = 17;
inline constexpr uint32_t max_request_bytes =
    max_request_pages * page_size - sizeof(SocketRequest);
