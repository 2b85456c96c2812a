// The web server: files below /www on port 80. One environment serves all clients: it waits in
// poll, and gives each connection that is ready a turn (user/httpd/connection.hh).
#include <algorithm>
#include <cstddef>
#include <new>

#include "lib/args.hh"
#include "lib/lib.hh"
#include "user/httpd/access_log.hh"
#include "user/httpd/connection.hh"

namespace {

using http::Connection;

constexpr uint16_t port = 80;
constexpr int max_connections = 100;
constexpr int accepts_a_turn = 16;
constexpr uint32_t accept_pause_ms = 100;       // after accept failed for want of resources
constexpr uintptr_t windows = 0x40000000;       // where connections map their files' pages

static_assert(max_connections <= max_fds * 3 / 4, "files need descriptors too");

// Milliseconds from `now` to `then`, 0 if that is past; the clock may wrap around.
int milliseconds_until(uint32_t then, uint32_t now)
{
    return std::max(0, static_cast<int32_t>(then - now));
}

int must(int result, const char* what)
{
    if (result < 0) {
        panic("cannot %s: %s", what, error_text(result));
    }
    return result;
}

class Server {
public:
    void start();
    void log_to(const char* path) { must(log_.open(path), "open the access log"); }
    [[noreturn]] void run();

private:
    int wait();
    void accept_clients(uint32_t now);
    Connection* free_connection();
    Connection* longest_idle(uint32_t now);

    http::AccessLog log_{};
    int listener_ = -1;
    bool accepting_ = true;
    uint32_t accept_again_ = 0;                 // while not accepting_: when to try again
    pollfd entries_[max_connections + 1];       // of connection n at n, the listener's last
    Connection connections_[max_connections];
};

void Server::start()
{
    listener_ = must(socket(AF_INET, SOCK_STREAM), "open a socket");
    const sockaddr_in address = socket_address(INADDR_ANY, port);
    must(bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address),
         "bind to port 80");
    must(listen(listener_, SOMAXCONN), "listen");
    must(set_nonblocking(listener_, true), "make the socket non-blocking");
    cprintf("Waiting for http connections...\n");
}

void Server::run()
{
    for (;;) {
        must(wait(), "wait for clients");
        const uint32_t now = sys_time_msec();
        for (int i = 0; i < max_connections; i++) {
            Connection& connection = connections_[i];
            if (!connection.in_use()) {
                continue;
            }
            if (entries_[i].revents != 0 || connection.poll_events() == 0) {
                connection.turn(now);
            }
            if (connection.in_use() && milliseconds_until(connection.deadline_ms(), now) == 0) {
                connection.close();
            }
        }
        if (!accepting_ && milliseconds_until(accept_again_, now) == 0) {
            accepting_ = true;
        } else if (entries_[max_connections].revents != 0) {
            accept_clients(now);
        }
    }
}

// Waits until a client is ready, comes, or is overdue.
int Server::wait()
{
    const uint32_t now = sys_time_msec();
    int timeout = accepting_ ? -1 : milliseconds_until(accept_again_, now);
    for (int i = 0; i < max_connections; i++) {
        const Connection& connection = connections_[i];
        entries_[i] = {};
        if (connection.in_use()) {
            entries_[i].fd = connection.socket();
            entries_[i].events = connection.poll_events();
            const int left = connection.poll_events() == 0
                                 ? 0
                                 : milliseconds_until(connection.deadline_ms(), now);
            timeout = timeout < 0 ? left : std::min(timeout, left);
        }
    }
    entries_[max_connections] = {accepting_ ? listener_ : -1, POLLIN, 0};
    return poll(entries_, max_connections + 1, timeout);
}

// Takes waiting connections in. When all places are taken the client that has been idle longest
// makes room; where none is idle, clients wait in the listener's queue.
void Server::accept_clients(uint32_t now)
{
    for (int i = 0; i < accepts_a_turn; i++) {
        Connection* connection = free_connection();
        if (connection == nullptr) {
            connection = longest_idle(now);
            if (connection != nullptr) {
                connection->close();
            }
        }
        sockaddr_in peer;
        socklen_t peer_size = sizeof peer;
        const int client = connection != nullptr
                               ? accept(listener_, reinterpret_cast<sockaddr*>(&peer), &peer_size)
                               : to_abi(Error::max_open);
        if (client == to_abi(Error::try_again)) {
            return;
        }
        if (client == to_abi(Error::max_open) || client == to_abi(Error::no_memory)) {
            accepting_ = false;
            accept_again_ = now + accept_pause_ms;
            return;
        }
        if (client < 0) {
            continue;                           // that client has gone already
        }
        if (set_nonblocking(client, true) < 0) {
            close(client);
            continue;
        }
        const auto number = static_cast<uintptr_t>(connection - connections_);
        connection->open(client, ntohl(peer.sin_addr.s_addr),
                         windows + number * Connection::window_bytes, now, log_);
    }
}

Connection* Server::free_connection()
{
    for (Connection& connection : connections_) {
        if (!connection.in_use()) {
            return &connection;
        }
    }
    return nullptr;
}

Connection* Server::longest_idle(uint32_t now)
{
    Connection* longest = nullptr;
    for (Connection& connection : connections_) {
        if (connection.is_idle() &&
            (longest == nullptr || milliseconds_until(connection.deadline_ms(), now) <
                                       milliseconds_until(longest->deadline_ms(), now))) {
            longest = &connection;
        }
    }
    return longest;
}

// Built at run time, so that its buffers are no part of the program's file.
alignas(Server) std::byte storage[sizeof(Server)];

} // namespace

// httpd [-l] [-f FILE]: -l prints a line for each request, -f appends it to a file.
void umain(int argc, char** argv)
{
    Server& server = *new (storage) Server;
    OptionParser options(argc, argv, "lf:");
    for (int option = options.next(); option != 0; option = options.next()) {
        switch (option) {
        case 'l': server.log_to(nullptr); break;
        case 'f': server.log_to(options.value()); break;
        default: cprintf("usage: httpd [-l] [-f FILE]\n"); exit(2);
        }
    }
    server.start();
    server.run();
}
