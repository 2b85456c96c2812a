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

inline constexpr int AF_INET = 2, PF_INET = AF_INET;
inline constexpr int SOCK_STREAM = 1, SOCK_DGRAM = 2, SOCK_RAW = 3;
inline constexpr int IPPROTO_IP = 0, IPPROTO_ICMP = 1, IPPROTO_TCP = 6, IPPROTO_UDP = 17;
inline constexpr int SHUT_RD = 0, SHUT_WR = 1, SHUT_RDWR = 2;
inline constexpr int MSG_PEEK = 0x02, MSG_DONTWAIT = 0x40;
inline constexpr int SOL_SOCKET = 1, SO_REUSEADDR = 2, SO_TYPE = 3, SO_ERROR = 4, SO_BROADCAST = 6,
    SO_KEEPALIVE = 9;
inline constexpr int TCP_NODELAY = 1;   // level IPPROTO_TCP
inline constexpr int IP_TTL = 2;        // level IPPROTO_IP
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

// Finds a host's address: at once if `name` is one, else from the name server, which may take
// seconds. invalid_argument: this cannot be a name; not_found: the name server knows none such, or
// no network server runs; timed_out: no name server answers; no_device: no network card.
int resolve(const char* name, in_addr* address);

// A sockaddr_in of a host-order address and port.
constexpr sockaddr_in socket_address(in_addr_t address, in_port_t port)
{
    sockaddr_in result;
    result.sin_family = AF_INET;
    result.sin_port = htons(port);
    result.sin_addr.s_addr = htonl(address);
    return result;
}

// A new socket's descriptor. SOCK_RAW takes IPPROTO_ICMP only: it sends ICMP messages, and
// receives those of type echo reply and the errors, each with its IP header in front.
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
// timed_out, host_unreachable, already_connected; in_progress on a non-blocking socket: it is
// writable when done, and getsockopt(SO_ERROR) says how it went.
int connect(int fd, const sockaddr* address, socklen_t length);

// Sends. TCP: returns when all bytes are queued (how many, in non-blocking mode), and after the
// peer closed connection_reset or broken_pipe. UDP, ICMP: one datagram; message_size.
int send(int fd, const void* data, size_t size, int flags = 0);
int sendto(int fd, const void* data, size_t size, int flags, const sockaddr* to, socklen_t length);

// send for bytes that are sent again and again: they lie in pages of their own, `room_in_place` bytes
// after the beginning of the first, and travel as they are. What is before them is overwritten.
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

// Options that are there: the SO_*, TCP_* and IP_* above, each an int; SO_TYPE and SO_ERROR can
// only be read. not_supported: others.
int setsockopt(int fd, int level, int option, const void* value, socklen_t length);
int getsockopt(int fd, int level, int option, void* value, socklen_t* length);

// Whether calls on the socket return try_again (in_progress for connect) instead of waiting.
int set_nonblocking(int fd, bool nonblocking);

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
