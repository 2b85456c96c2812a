// The echo server (RFC 862): sends back what it gets on port 7, tcp and udp. One environment serves
// all clients; it waits in poll and never on one of them.
#include <cstddef>
#include <new>

#include "lib/lib.hh"

namespace {

constexpr uint16_t port = 7;
constexpr int max_clients = 100;
constexpr int datagrams_a_turn = 32;

int must(int result, const char* what)
{
    if (result < 0) {
        panic("cannot %s: %s", what, error_text(result));
    }
    return result;
}

bool would_wait(int result)
{
    return result == to_abi(Error::try_again);
}

// A tcp client, and what it is still owed. It is read again only when it has taken that.
class Client {
public:
    void open(int socket)
    {
        socket_ = socket;
        begin_ = end_ = 0;
    }
    bool in_use() const { return socket_ >= 0; }
    pollfd poll_entry() const { return {socket_, begin_ < end_ ? POLLOUT : POLLIN, 0}; }

    // Reads and sends once each, as far as that goes without waiting.
    void turn();

private:
    bool receive();
    bool send_back();
    void close();

    int socket_ = -1;
    size_t begin_ = 0, end_ = 0;            // of the bytes in the buffer that are to be sent
    char buffer_[4096] = {};
};

void Client::turn()
{
    const bool healthy = (begin_ < end_ || receive()) && send_back();
    if (!healthy) {
        close();
    }
}

// False: the client is done, or gone.
bool Client::receive()
{
    const int count = recv(socket_, buffer_, sizeof buffer_);
    if (would_wait(count)) {
        return true;
    }
    begin_ = 0;
    end_ = count > 0 ? static_cast<size_t>(count) : 0;
    return count > 0;
}

bool Client::send_back()
{
    if (begin_ == end_) {
        return true;
    }
    const int count = send(socket_, buffer_ + begin_, end_ - begin_);
    if (count > 0) {
        begin_ += static_cast<size_t>(count);
    }
    return count >= 0 || would_wait(count);
}

void Client::close()
{
    ::close(socket_);
    socket_ = -1;
}

class EchoServer {
public:
    void start();
    [[noreturn]] void run();

private:
    void accept_client(Client& client);
    void echo_datagrams();

    int listener_ = -1;
    int datagrams_ = -1;
    Client clients_[max_clients];
    pollfd entries_[max_clients + 2];       // the clients', then the two sockets'
};

void EchoServer::start()
{
    listener_ = must(socket(AF_INET6, SOCK_STREAM), "open a tcp socket");      // and IPv4
    datagrams_ = must(socket(AF_INET6, SOCK_DGRAM), "open a udp socket");
    cprintf("opened socket\n");

    cprintf("trying to bind\n");
    const Endpoint own = Endpoint::any(AF_INET6, port);
    must(bind(listener_, own.address(), own.size()), "bind to tcp port 7");
    must(bind(datagrams_, own.address(), own.size()), "bind to udp port 7");
    must(listen(listener_, SOMAXCONN), "listen");
    must(set_nonblocking(listener_, true), "make the tcp socket non-blocking");
    must(set_nonblocking(datagrams_, true), "make the udp socket non-blocking");
    cprintf("bound\n");                     // from here on clients are answered
}

void EchoServer::run()
{
    for (;;) {
        Client* free_client = nullptr;
        for (int i = 0; i < max_clients; i++) {
            entries_[i] = clients_[i].poll_entry();
            free_client = clients_[i].in_use() ? free_client : &clients_[i];
        }
        pollfd& accepting = entries_[max_clients] = {
            free_client != nullptr ? listener_ : -1, POLLIN, 0};
        pollfd& receiving = entries_[max_clients + 1] = {datagrams_, POLLIN, 0};
        must(poll(entries_, max_clients + 2, -1), "wait for clients");

        for (int i = 0; i < max_clients; i++) {
            if (clients_[i].in_use() && entries_[i].revents != 0) {
                clients_[i].turn();
            }
        }
        if (receiving.revents != 0) {
            echo_datagrams();
        }
        if (accepting.revents != 0) {
            accept_client(*free_client);
        }
    }
}

void EchoServer::accept_client(Client& client)
{
    Endpoint peer;
    const int socket = accept(listener_, peer.to_fill(), peer.size_to_fill());
    if (socket == to_abi(Error::max_open) || socket == to_abi(Error::no_memory)) {
        sys_sleep(10);                      // the connection waits until another one ends
        return;
    }
    if (socket < 0) {
        return;                             // it has gone already
    }
    cprintf("Client connected: %s\n", peer.text());
    const int on = 1;
    setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    set_nonblocking(socket, true);
    client.open(socket);
}

// A datagram that cannot be sent at once is dropped, as datagrams may be.
void EchoServer::echo_datagrams()
{
    static char buffer[65536];
    for (int i = 0; i < datagrams_a_turn; i++) {
        Endpoint peer;
        const int count = recvfrom(datagrams_, buffer, sizeof buffer, 0, peer.to_fill(),
                                   peer.size_to_fill());
        if (count < 0) {
            return;
        }
        sendto(datagrams_, buffer, static_cast<size_t>(count), 0, peer.address(),
               peer.size());
    }
}

// Built at run time, so that its buffers are no part of the program's file.
alignas(EchoServer) std::byte storage[sizeof(EchoServer)];

} // namespace

void umain(int, char**)
{
    EchoServer& server = *new (storage) EchoServer;
    server.start();
    server.run();
}
