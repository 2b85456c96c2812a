// The core server's sockets.
//
// Each has a slot, a secret ticket, and (once a client holds it) a descriptor page. What happens
// on a socket comes from clients' requests and from lwIP's callbacks; both end in the functions of
// tcp_socket.hh and datagram_socket.hh. A socket ends when no client holds its page any more.
#pragma once
#include <span>
#include <utility>

#include "net/byte_queue.hh"
#include "net/datagram_queue.hh"
#include "net/multicast.hh"
#include "net/request.hh"

struct tcp_pcb;
struct udp_pcb;
struct raw_pcb;

// What SO_RCVBUF and its like say.
struct SocketOptions {
    static constexpr uint32_t default_buffer = 128 * 1024;
    uint32_t receive_buffer = default_buffer;
    uint32_t send_buffer = default_buffer;
    uint32_t keep_idle_s = 7200, keep_interval_s = 75, keep_count = 9;      // RFC 9293, 3.8.4
};

struct Socket {
    enum class Kind : uint8_t { free, stream, listener, datagram, icmp };
    enum class State : uint8_t { fresh, connecting, connected, ended };

    Kind kind = Kind::free;
    State state = State::fresh;         // streams; for datagrams connected means a peer is set
    bool has_descriptor = false;
    bool read_closed = false;           // shutdown by us
    bool write_closed = false;
    bool peer_closed = false;           // the peer has sent its last byte
    bool needs_output = false;          // on the list of tcp_flush
    bool ipv4 = true, ipv6 = false;     // which of them it can use; a socket of IPv6 both, if not
                                        //   told otherwise
    uint8_t family = 4;
    int32_t error = 0;                  // what ended it, for the next call to tell: an ABI error
    envid_t owner = 0;                  // who opened or accepted it
    uint32_t slot = 0;
    uint64_t ticket = 0;

    union {                             // lwIP's side; null when it is gone
        tcp_pcb* tcp = nullptr;
        udp_pcb* udp;
        raw_pcb* raw;
    };
    ByteQueue stream;
    DatagramQueue datagrams;
    SocketOptions options;
    GroupList groups;
    uint32_t withheld = 0;              // bytes of lwIP's receive window that the peer may not use,
                                        //   as our receive buffer is smaller
    RequestList readers;                // recv, accept
    RequestList writers;                // send, connect
    uint64_t pollers = 0;               // which parked polls to look at again (net/poll.hh)
    uint64_t last_event = 0;            // when something happened on it, in poll_events()

    Socket* listener = nullptr;         // who has it in its queue, before accept
    Socket* next = nullptr;             // in that queue; in the list of free sockets
    Socket* accept_first = nullptr;     // a listener's queue
    Socket* accept_last = nullptr;
    uint32_t accept_count = 0;
    Socket* next_output = nullptr;

    bool is_stream() const { return kind == Kind::stream || kind == Kind::listener; }
    int32_t take_error() { return std::exchange(error, 0); }    // told once
};

// Whether the socket can use addresses of this kind.
inline bool socket_can_use(const Socket& socket, const NetAddress& address)
{
    return address.is_ipv6 != 0 ? socket.ipv6 : socket.ipv4;
}

inline constexpr uint32_t max_sockets = 1536;

class SocketTable {
public:
    void initialise();

    // A new socket without a descriptor; null if all are in use.
    Socket* allocate();

    // Gives the socket its descriptor page. no_memory.
    bool add_descriptor(Socket& socket);

    // The socket that a client names; null if the ticket is not its.
    Socket* find(uint32_t slot, uint64_t ticket);

    // Ends the socket: its connection, its queue, its parked requests.
    void end(Socket& socket);

    // Ends the sockets that no client holds any more; returns how many.
    uint32_t reclaim();
    // Ends the socket if no client holds it.
    void end_if_unheld(Socket& socket);

    uint32_t used() const { return used_; }
    std::span<const Socket> all() const { return {sockets_, high_water_}; }     // free ones too
    std::span<Socket> all() { return {sockets_, high_water_}; }

private:
    Socket sockets_[max_sockets];
    Socket* free_ = nullptr;
    uint32_t used_ = 0;
    uint32_t high_water_ = 0;           // slots from here on were never used
};

extern SocketTable sockets;
