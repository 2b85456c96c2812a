// Sockets: TCP, UDP and ICMP over the network server, with POSIX's names and meanings, as file
// descriptors (read, write, close, dup of lib/fd.hh work on them).
//
// Every call returns a value >= 0, or a negative error (inc/error.hh, `to_abi(Error::...)`); there
// is no errno. Calls block unless the socket is non-blocking (set_nonblocking) or the call has
// MSG_DONTWAIT, and then return try_again where they would wait. not_found means that no network
// server runs, bad_descriptor that `fd` is not an open socket.
#pragma once
#include "inc/error.hh"
#include "inc/types.hh"

using socklen_t = uint32_t;
using in_port_t = uint16_t;
using in_addr_t = uint32_t;

struct in_addr {
    in_addr_t s_addr = 0;               // network byte order
};

struct sockaddr {
    uint16_t sa_family = 0;
    char sa_data[14] = {};
};

struct sockaddr_in {
    uint16_t sin_family = 0;            // AF_INET
    in_port_t sin_port = 0;             // network byte order
    in_addr sin_addr;
    char sin_zero[8] = {};
};
static_assert(sizeof(sockaddr_in) == sizeof(sockaddr));

struct in6_addr {
    uint8_t s6_addr[16] = {};
};

struct sockaddr_in6 {
    uint16_t sin6_family = 0;           // AF_INET6
    in_port_t sin6_port = 0;            // network byte order
    uint32_t sin6_flowinfo = 0;
    in6_addr sin6_addr;
    uint32_t sin6_scope_id = 0;         // there is one link: any number will do
};

// Room for any of them.
using sockaddr_storage = sockaddr_in6;

// For IP_ADD_MEMBERSHIP and IPV6_JOIN_GROUP; the interface is the only one.
struct ip_mreq {
    in_addr imr_multiaddr;
    in_addr imr_interface;
};
struct ipv6_mreq {
    in6_addr ipv6mr_multiaddr;
    uint32_t ipv6mr_interface = 0;
};

inline constexpr int AF_UNSPEC = 0, AF_INET = 2, AF_INET6 = 10;
inline constexpr int PF_INET = AF_INET, PF_INET6 = AF_INET6;
inline constexpr int SOCK_STREAM = 1, SOCK_DGRAM = 2, SOCK_RAW = 3;
inline constexpr int IPPROTO_IP = 0, IPPROTO_ICMP = 1, IPPROTO_TCP = 6, IPPROTO_UDP = 17,
    IPPROTO_IPV6 = 41, IPPROTO_ICMPV6 = 58;
inline constexpr int SHUT_RD = 0, SHUT_WR = 1, SHUT_RDWR = 2;
inline constexpr int MSG_PEEK = 0x02, MSG_DONTWAIT = 0x40;
inline constexpr int SOL_SOCKET = 1, SO_REUSEADDR = 2, SO_TYPE = 3, SO_ERROR = 4, SO_BROADCAST = 6,
    SO_SNDBUF = 7, SO_RCVBUF = 8, SO_KEEPALIVE = 9, SO_ACCEPTCONN = 30;
// Level IPPROTO_TCP; the times are seconds.
inline constexpr int TCP_NODELAY = 1, TCP_KEEPIDLE = 4, TCP_KEEPINTVL = 5, TCP_KEEPCNT = 6;
// Level IPPROTO_IP; the two of membership take an ip_mreq.
inline constexpr int IP_TTL = 2, IP_MULTICAST_TTL = 33, IP_MULTICAST_LOOP = 34,
    IP_ADD_MEMBERSHIP = 35, IP_DROP_MEMBERSHIP = 36;
// Level IPPROTO_IPV6; the two of groups take an ipv6_mreq.
inline constexpr int IPV6_UNICAST_HOPS = 16, IPV6_MULTICAST_HOPS = 18, IPV6_MULTICAST_LOOP = 19,
    IPV6_JOIN_GROUP = 20, IPV6_LEAVE_GROUP = 21, IPV6_V6ONLY = 26;
inline constexpr in_addr_t INADDR_ANY = 0, INADDR_NONE = 0xFFFFFFFF, INADDR_BROADCAST = 0xFFFFFFFF,
    INADDR_LOOPBACK = 0x7F000001;       // host byte order, as POSIX has them
inline constexpr int SOMAXCONN = 255;

constexpr uint16_t htons(uint16_t value) { return __builtin_bswap16(value); }
constexpr uint16_t ntohs(uint16_t value) { return __builtin_bswap16(value); }
constexpr uint32_t htonl(uint32_t value) { return __builtin_bswap32(value); }
constexpr uint32_t ntohl(uint32_t value) { return __builtin_bswap32(value); }

// "10.0.2.15" to an address: 1 if `text` is one (four decimal bytes), else 0.
int inet_aton(const char* text, in_addr* address);
// INADDR_NONE if `text` is no address.
in_addr_t inet_addr(const char* text);
// Text of an address, in a buffer of the library's own that the next call reuses.
const char* inet_ntoa(in_addr address);

// Text to address and back, for AF_INET (in_addr) and AF_INET6 (in6_addr, RFC 4291 2.2; the text
// that is made is RFC 5952's). inet_pton returns 1, 0 if `text` is no such address, or
// not_supported; inet_ntop returns `text`, or null if `size` bytes are too few
// (INET6_ADDRSTRLEN is always enough).
inline constexpr socklen_t INET_ADDRSTRLEN = 16, INET6_ADDRSTRLEN = 46;
int inet_pton(int family, const char* text, void* address);
const char* inet_ntop(int family, const void* address, char* text, socklen_t size);

// An IPv4 address that stands in an IPv6 one (::ffff:10.0.2.2), as sockets of AF_INET6 have them.
bool is_mapped_ipv4(const in6_addr& address);

// A sockaddr_in of a host-order address and port.
constexpr sockaddr_in socket_address(in_addr_t address, in_port_t port)
{
    sockaddr_in result;
    result.sin_family = AF_INET;
    result.sin_port = htons(port);
    result.sin_addr.s_addr = htonl(address);
    return result;
}

// A new socket's descriptor, of AF_INET or AF_INET6. One of AF_INET6 speaks IPv4 too, with peers'
// addresses as ::ffff:10.0.2.2, unless IPV6_V6ONLY is set before it is bound. SOCK_RAW takes
// IPPROTO_ICMP or IPPROTO_ICMPV6 only: it sends ICMP messages, and receives those of type echo
// reply and the errors, each with its IP header in front; the checksum of ICMPv6 is made for it.
// not_supported: no such kind; max_open: this program's or the server's descriptors are used up;
// no_memory.
int socket(int domain, int type, int protocol = 0);

// Gives the socket its own address; port 0: any free one. address_in_use, invalid_argument.
int bind(int fd, const sockaddr* address, socklen_t length);

// Lets a bound TCP socket accept connections; at most `backlog` (up to SOMAXCONN) wait for accept.
int listen(int fd, int backlog);

// Waits for a connection and returns its descriptor; the peer's address, if `address` is given.
int accept(int fd, sockaddr* address = nullptr, socklen_t* length = nullptr);

// TCP: connects. UDP, ICMP: sets the address for send, and whom recv hears. connection_refused,
// timed_out, host_unreachable, network_unreachable, already_connected; in_progress on a non-blocking socket: it is
// writable when done, and getsockopt(SO_ERROR) says how it went.
int connect(int fd, const sockaddr* address, socklen_t length);

// Sends. TCP: returns when all bytes are queued (how many, in non-blocking mode), and after the
// peer closed connection_reset or broken_pipe. UDP, ICMP: one datagram; message_size. On a
// connected UDP socket connection_refused, host_unreachable or network_unreachable tell what came
// back for an earlier datagram.
int send(int fd, const void* data, size_t size, int flags = 0);
int sendto(int fd, const void* data, size_t size, int flags, const sockaddr* to, socklen_t length);

// send for bytes that are sent again and again: they lie in pages of their own, `room_in_place`
// bytes after the beginning of the first, and travel as they are. What is before them is
// overwritten.
inline constexpr size_t room_in_place = 56, max_in_place = 17 * 4096 - room_in_place;
int send_in_place(int fd, void* run, size_t size);

// Receives at most `size` bytes: TCP what there is, 0 at the end of the stream; UDP, ICMP one
// datagram (what does not fit is lost). The sender's address, if `from` is given.
int recv(int fd, void* data, size_t size, int flags = 0);
int recvfrom(int fd, void* data, size_t size, int flags, sockaddr* from, socklen_t* length);

// Ends one direction or both (SHUT_*) for all holders of the socket.
int shutdown(int fd, int how);

int getsockname(int fd, sockaddr* address, socklen_t* length);
int getpeername(int fd, sockaddr* address, socklen_t* length);

// Options that are there: the SO_*, TCP_*, IP_* and IPV6_* above, each an int but for membership;
// SO_TYPE, SO_ERROR and SO_ACCEPTCONN can only be read. Buffer sizes are kept between 2 KiB and
// 128 KiB. invalid_argument: a value that cannot be; not_supported: other options. Joining a group
// may also be address_in_use (joined already) or no_memory, leaving one not_found.
int setsockopt(int fd, int level, int option, const void* value, socklen_t length);
int getsockopt(int fd, int level, int option, void* value, socklen_t* length);

// Whether calls on the socket return try_again (in_progress for connect) instead of waiting.
int set_nonblocking(int fd, bool nonblocking);

// Whether a call failed only because it would have had to wait.
constexpr bool would_wait(int result) { return result == to_abi(Error::try_again); }

struct pollfd {
    int fd = -1;                        // negative: ignored
    int16_t events = 0;
    int16_t revents = 0;
};
inline constexpr int16_t POLLIN = 0x01, POLLOUT = 0x04, POLLERR = 0x08, POLLHUP = 0x10,
    POLLNVAL = 0x20;
inline constexpr uint32_t max_poll_entries = 2048;

// Waits until one of `count` descriptors is ready (POLLIN: recv or accept would not wait; POLLOUT:
// send would take something, or connect is done) or `timeout_ms` is over (negative: never, 0: do
// not wait). Returns how many have revents != 0. Descriptors that are no sockets count as ready.
int poll(pollfd* entries, uint32_t count, int timeout_ms);

// Fills in *status (net/protocol.hh): the network card's counters and rings, and the sockets that
// all programs have. Returns 0 or an error.
struct NetworkStatus;
int network_status(NetworkStatus* status);
