#include "net/socket_table.hh"

#include "net/datagram_socket.hh"
#include "net/platform.hh"
#include "net/poll.hh"
#include "net/tcp_socket.hh"

SocketTable sockets;

void SocketTable::initialise()
{
    for (uint32_t i = max_sockets; i > 0; i--) {
        Socket& socket = sockets_[i - 1];
        socket.slot = i - 1;
        socket.next = free_;
        free_ = &socket;
    }
}

Socket* SocketTable::allocate()
{
    Socket* socket = free_;
    if (socket == nullptr) {
        return nullptr;
    }
    free_ = socket->next;
    socket->next = nullptr;
    socket->ticket = platform::random();
    used_++;
    high_water_ = socket->slot + 1 > high_water_ ? socket->slot + 1 : high_water_;
    return socket;
}

static uint32_t number_of(Socket::Kind kind)
{
    switch (kind) {
    case Socket::Kind::datagram: return socket_datagram;
    case Socket::Kind::icmp: return socket_icmp;
    default: return socket_stream;
    }
}

bool SocketTable::add_descriptor(Socket& socket)
{
    if (!platform::make_descriptor(socket.slot, socket.ticket, number_of(socket.kind),
                                   socket.family)) {
        return false;
    }
    socket.has_descriptor = true;
    return true;
}

Socket* SocketTable::find(uint32_t slot, uint64_t ticket)
{
    if (slot >= max_sockets) {
        return nullptr;
    }
    Socket& socket = sockets_[slot];
    const bool is_open = socket.kind != Socket::Kind::free && socket.has_descriptor;
    return is_open && socket.ticket == ticket ? &socket : nullptr;
}

void SocketTable::end(Socket& socket)
{
    if (socket.is_stream()) {
        tcp_end(socket);
    } else {
        datagram_end(socket);
    }
    while (Request* request = socket.readers.first()) {
        requests.answer(*request, Error::bad_descriptor);
    }
    while (Request* request = socket.writers.first()) {
        requests.answer(*request, Error::bad_descriptor);
    }
    socket.stream.clear();
    socket.datagrams.clear();
    socket.groups.leave_all();
    poll_note(socket);
    if (socket.has_descriptor) {
        platform::free_descriptor(socket.slot);
    }

    const uint32_t slot = socket.slot;
    socket = {};
    socket.slot = slot;
    socket.next = free_;
    free_ = &socket;
    used_--;
}

void SocketTable::end_if_unheld(Socket& socket)
{
    if (socket.has_descriptor && platform::descriptor_holders(socket.slot) == 0) {
        end(socket);
    }
}

uint32_t SocketTable::reclaim()
{
    platform::flush_answers();          // one of them may carry a descriptor to its first holder
    const uint32_t before = used_;
    for (uint32_t i = 0; i < high_water_; i++) {
        end_if_unheld(sockets_[i]);
    }
    return before - used_;
}
