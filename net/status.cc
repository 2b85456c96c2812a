#include "net/status.hh"

#include "inc/string.hh"
#include "lwip/tcp.h"
#include "lwip/priv/tcp_priv.h"
#include "net/platform.hh"
#include "net/socket_table.hh"

static void count_stream(const Socket& socket, NetworkStatus& status)
{
    switch (socket.state) {
    case Socket::State::fresh:
    case Socket::State::ended: status.closed++; break;
    case Socket::State::connecting: status.connecting++; break;
    case Socket::State::connected: status.connected++; break;
    }
    if (socket.listener != nullptr) {
        status.to_accept++;
    }
}

static void count_sockets(NetworkStatus& status)
{
    status.sockets = sockets.used();
    status.socket_limit = max_sockets;
    for (const Socket& socket : sockets.all()) {
        switch (socket.kind) {
        case Socket::Kind::free: break;
        case Socket::Kind::stream: count_stream(socket, status); break;
        case Socket::Kind::listener: status.listening++; break;
        case Socket::Kind::datagram: status.datagram++; break;
        case Socket::Kind::icmp: status.icmp++; break;
        }
    }
    for (const tcp_pcb* pcb = tcp_tw_pcbs; pcb != nullptr; pcb = pcb->next) {
        status.time_wait++;
    }
}

void status_request(Request& request)
{
    if (!request.writable) {
        return requests.answer(request, Error::fault);
    }
    NetworkStatus status;
    status.has_card = platform::card_status(status.card, status.rings) ? 1 : 0;
    count_sockets(status);
    memcpy(request.data(), &status, sizeof status);
    requests.answer(request, 0);
}
