#include "net/dispatch.hh"

#include "net/datagram_socket.hh"
#include "net/interface.hh"
#include "net/options.hh"
#include "net/poll.hh"
#include "net/resolve.hh"
#include "net/socket_list.hh"
#include "net/status.hh"
#include "net/tcp_socket.hh"

static int32_t open_kind(Socket& socket, uint32_t type)
{
    switch (type) {
    case socket_stream: return tcp_open(socket);
    case socket_datagram: return datagram_open(socket, Socket::Kind::datagram);
    default: return datagram_open(socket, Socket::Kind::icmp);
    }
}

static void open_socket(Request& request)
{
    const auto [type, family, unused] = request.header.argument;
    if (type < socket_stream || type > socket_icmp
        || (family != family_ipv4 && family != family_ipv6)) {
        return requests.answer(request, Error::not_supported);
    }
    Socket* socket = sockets.allocate();
    if (socket == nullptr && sockets.reclaim() > 0) {
        socket = sockets.allocate();
    }
    if (socket == nullptr) {
        return requests.answer(request, Error::max_open);
    }
    socket->family = static_cast<uint8_t>(family);
    socket->ipv6 = family == family_ipv6;
    if (const int32_t result = open_kind(*socket, type); result < 0) {
        sockets.end(*socket);
        return requests.answer(request, result);
    }
    if (!sockets.add_descriptor(*socket)) {
        sockets.end(*socket);
        return requests.answer(request, Error::no_memory);
    }
    socket->owner = request.client;
    requests.answer(request, 0, socket->slot);
}

static void bind_socket(Socket& socket, Request& request)
{
    const NetAddress address = request.header.address;
    if (!socket_can_use(socket, address)) {
        return requests.answer(request, Error::invalid_argument);
    }
    requests.answer(request, socket.is_stream() ? tcp_bind_socket(socket, address)
                                                : datagram_bind(socket, address));
}

static void listen_socket(Socket& socket, Request& request)
{
    requests.answer(request, socket.is_stream()
                                 ? tcp_listen_socket(socket, request.header.argument[0])
                                 : to_abi(Error::not_supported));
}

static void accept_socket(Socket& socket, Request& request)
{
    if (!socket.is_stream()) {
        return requests.answer(request, Error::not_supported);
    }
    tcp_accept_request(socket, request);
}

static void connect_socket(Socket& socket, Request& request)
{
    if (!socket_can_use(socket, request.header.address)) {
        return requests.answer(request, Error::network_unreachable);
    }
    if (socket.is_stream()) {
        return tcp_connect_request(socket, request);
    }
    requests.answer(request, datagram_connect(socket, request.header.address));
}

static void shut_down(Socket& socket, Request& request)
{
    const uint32_t how = request.header.argument[0];
    requests.answer(request, socket.is_stream() ? tcp_shutdown_socket(socket, how)
                                                : datagram_shutdown(socket, how));
}

// The client has let go of its page; whether others hold it, the page says.
static void close_socket(Socket& socket, Request& request)
{
    requests.answer(request, 0);
    sockets.end_if_unheld(socket);
}

static void name_socket(Socket& socket, Request& request)
{
    const bool peer = request.header.argument[0] != 0;
    NetAddress address;
    const int32_t result = socket.is_stream() ? tcp_name(socket, peer, &address)
                                              : datagram_name(socket, peer, &address);
    if (!request.writable) {
        return requests.answer(request, Error::fault);
    }
    request.shared_header()->address = address;
    requests.answer(request, result);
}

static void tell_option(Socket& socket, Request& request)
{
    const auto& argument = request.header.argument;
    requests.answer(request, option_of(socket, argument[0], argument[1]));
}

static void change_option(Socket& socket, Request& request)
{
    const auto& argument = request.header.argument;
    requests.answer(request, set_option(socket, argument[0], argument[1], argument[2],
                                        request.header.address));
}

static void send_bytes(Socket& socket, Request& request)
{
    if (socket.is_stream()) {
        return tcp_send_request(socket, request);
    }
    datagram_send_request(socket, request);
}

static void receive_bytes(Socket& socket, Request& request)
{
    if (socket.is_stream()) {
        return tcp_receive_request(socket, request);
    }
    datagram_receive_request(socket, request);
}

using Handler = void (*)(Socket& socket, Request& request);

static Handler handler_of(uint32_t code)
{
    switch (code) {
    case NSREQ_ACCEPT: return accept_socket;
    case NSREQ_BIND: return bind_socket;
    case NSREQ_SHUTDOWN: return shut_down;
    case NSREQ_CLOSE: return close_socket;
    case NSREQ_CONNECT: return connect_socket;
    case NSREQ_LISTEN: return listen_socket;
    case NSREQ_RECV: return receive_bytes;
    case NSREQ_SEND: return send_bytes;
    case NSREQ_NAME: return name_socket;
    case NSREQ_GET_OPTION: return tell_option;
    case NSREQ_SET_OPTION: return change_option;
    case NSREQ_POLL: return poll_socket;            // a batch's entry
    default: return nullptr;
    }
}

void dispatch_to(Socket& socket, Request& request)
{
    const Handler handler = handler_of(request.code);
    if (handler == nullptr) {
        return requests.answer(request, Error::not_supported);
    }
    request.socket = &socket;
    handler(socket, request);
}

void dispatch(Request& request)
{
    if (request.page_count == 0) {
        return requests.answer(request, Error::invalid_argument);
    }
    if (request.code == NSREQ_SOCKET) {
        return open_socket(request);
    }
    if (request.code == NSREQ_POLL && request.entry == nullptr) {
        return poll_request(request);
    }
    if (request.code == NSREQ_BATCH) {
        return batch_request(request);
    }
    if (request.code == NSREQ_STATUS) {
        return status_request(request);
    }
    if (request.code == NSREQ_RESOLVE) {
        return resolve_request(request);
    }
    if (request.code == NSREQ_SOCKETS) {
        return socket_list_request(request);
    }
    if (request.code == NSREQ_INTERFACE) {
        return interface_request(request);
    }
    Socket* const socket = sockets.find(request.header.socket, request.header.ticket);
    if (socket == nullptr) {
        return requests.answer(request, Error::bad_descriptor);
    }
    dispatch_to(*socket, request);
}
