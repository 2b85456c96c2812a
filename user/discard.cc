// The discard server (RFC 863), udp: takes what comes on port 9 and counts it. A tcp connection to
// port 9 is told how many datagrams there were, and closed: the benchmark asks so.
#include <array>

#include "lib/lib.hh"

namespace {

constexpr in_port_t port = 9;
constexpr int datagrams_a_turn = 256;

uint32_t discarded;

int must(int result, const char* what)
{
    if (result < 0) {
        panic("cannot %s: %s", what, error_text(result));
    }
    return result;
}

int open_socket(int type)
{
    const int fd = must(socket(AF_INET6, type), "open a socket");
    const Endpoint own = Endpoint::any(AF_INET6, port);
    must(bind(fd, own.address(), own.size()), "bind to port 9");
    must(set_nonblocking(fd, true), "make a socket non-blocking");
    return fd;
}

void discard(int fd)
{
    static char buffer[2048];
    for (int i = 0; i < datagrams_a_turn && recv(fd, buffer, sizeof buffer) >= 0; i++) {
        discarded++;
    }
}

void tell_count(int listener)
{
    const int client = accept(listener, nullptr, nullptr);
    if (client < 0) {
        return;                         // it has gone already
    }
    std::array<char, 16> line;
    const int length = snprintf(line.data(), line.size(), "%u\n", discarded);
    send(client, line.data(), static_cast<size_t>(length));
    close(client);
}

} // namespace

void umain(int, char**)
{
    const int datagrams = open_socket(SOCK_DGRAM);
    const int listener = open_socket(SOCK_STREAM);
    must(listen(listener, SOMAXCONN), "listen");
    for (;;) {
        std::array<pollfd, 2> entries{{{datagrams, POLLIN, 0}, {listener, POLLIN, 0}}};
        must(poll(entries.data(), entries.size(), -1), "wait for clients");
        if (entries[0].revents != 0) {
            discard(datagrams);
        }
        if (entries[1].revents != 0) {
            tell_count(listener);
        }
    }
}
