#include "net/socket_list.hh"

#include "inc/string.hh"
#include "lwip/priv/tcp_priv.h"
#include "lwip/tcp.h"
#include "net/datagram_socket.hh"
#include "net/errors.hh"
#include "net/tcp_socket.hh"

static_assert(static_cast<tcp_state>(SocketState::listening) == LISTEN
              && static_cast<tcp_state>(SocketState::time_wait) == TIME_WAIT);

namespace {

// Writes entries behind each other into the client's pages, as many as have room.
class Writer {
public:
    Writer(std::byte* to, uint32_t bytes) : to_(to), room_(bytes / uint32_t{sizeof(SocketInfo)}) {}
    void add(const SocketInfo& info)
    {
        if (count_ < room_) {
            memcpy(to_ + count_++ * sizeof(info), &info, sizeof(info));
        }
    }
    uint32_t count() const { return count_; }

private:
    std::byte* to_;
    uint32_t room_;
    uint32_t count_ = 0;
};

// A listener's pcb is a smaller struct: only what both have.
void fill_from(SocketInfo& info, const tcp_pcb& pcb)
{
    info.kind = socket_stream;
    info.state = static_cast<SocketState>(pcb.state);
    info.local = from_lwip(pcb.local_ip, pcb.local_port);
    info.ipv6 = info.local.is_ipv6;
    info.ipv4 = !IP_IS_V6(&pcb.local_ip) ? 1 : 0;
    if (pcb.state != LISTEN) {
        info.remote = from_lwip(pcb.remote_ip, pcb.remote_port);
        // snd_lbb does not count a FIN that goes with the last bytes; its acknowledgement does.
        info.unacknowledged = TCP_SEQ_GT(pcb.snd_lbb, pcb.lastack) ? pcb.snd_lbb - pcb.lastack : 0;
    }
}

SocketInfo describe(const Socket& socket)
{
    SocketInfo info;
    info.owner = socket.owner;
    if (socket.is_stream()) {
        info.kind = socket_stream;
        info.state = SocketState::closed;
        if (socket.tcp != nullptr) {
            fill_from(info, *socket.tcp);
        }
        info.ipv4 = socket.ipv4 ? 1 : 0;
        info.ipv6 = socket.ipv6 ? 1 : 0;
        info.received = socket.stream.bytes();
        return info;
    }
    info.kind = socket.kind == Socket::Kind::datagram ? socket_datagram : socket_icmp;
    info.ipv4 = socket.ipv4 ? 1 : 0;
    info.ipv6 = socket.ipv6 ? 1 : 0;
    datagram_name(socket, false, &info.local);
    datagram_name(socket, true, &info.remote);
    info.received = socket.datagrams.bytes();
    return info;
}

// Connections whose socket has ended, and which lwIP brings to their end.
void add_orphans(Writer& writer, const tcp_pcb* list)
{
    for (const tcp_pcb* pcb = list; pcb != nullptr; pcb = pcb->next) {
        if (pcb->callback_arg == nullptr) {
            SocketInfo info;
            fill_from(info, *pcb);
            writer.add(info);
        }
    }
}

} // namespace

void socket_list_request(Request& request)
{
    if (request.header.size > request.room()) {
        return requests.answer(request, Error::invalid_argument);
    }
    if (!request.writable) {
        return requests.answer(request, Error::fault);
    }
    Writer writer(request.data(), request.header.size);
    for (const Socket& socket : sockets.all()) {
        if (socket.kind != Socket::Kind::free) {
            writer.add(describe(socket));
        }
    }
    add_orphans(writer, tcp_active_pcbs);
    add_orphans(writer, tcp_tw_pcbs);
    requests.answer(request, static_cast<int32_t>(writer.count()));
}
