// The Linux guest's small servers, compiled for it: echo (TCP and UDP port 7), and discard (UDP
// port 9), which says on TCP port 9 how many datagrams it has got. One thread over epoll.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

namespace {

constexpr uint16_t echo_port = 7, discard_port = 9;

int epoll = -1;
uint64_t discarded = 0;
std::map<int, std::string> unsent;      // of an echo connection: what it could not take yet

int require(int result, const char* what)
{
    if (result < 0) {
        std::perror(what);
        std::exit(1);
    }
    return result;
}

void watch(int socket, uint32_t events, int operation = EPOLL_CTL_ADD)
{
    epoll_event event{};
    event.events = events;
    event.data.fd = socket;
    require(epoll_ctl(epoll, operation, socket, &event), "epoll_ctl");
}

int open_socket(int type, uint16_t port)
{
    const int opened = require(socket(AF_INET, type | SOCK_NONBLOCK, 0), "socket");
    const int on = 1, room = 4 << 20;
    setsockopt(opened, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (type == SOCK_DGRAM) {
        setsockopt(opened, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    require(bind(opened, reinterpret_cast<sockaddr*>(&address), sizeof address), "bind");
    if (type == SOCK_STREAM) {
        require(listen(opened, 4096), "listen");
    }
    watch(opened, EPOLLIN);
    return opened;
}

void close_echo(int socket)
{
    unsent.erase(socket);
    close(socket);
}

// Sends what the connection could not take; false if some is left or it has ended.
bool send_rest(int socket)
{
    if (unsent.count(socket) == 0) {
        return true;
    }
    std::string& rest = unsent[socket];
    while (!rest.empty()) {
        const ssize_t sent = send(socket, rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno != EAGAIN) {
                close_echo(socket);
            }
            return false;
        }
        rest.erase(0, static_cast<size_t>(sent));
    }
    unsent.erase(socket);
    watch(socket, EPOLLIN, EPOLL_CTL_MOD);
    return true;
}

void echo(int socket)
{
    static char buffer[1 << 17];
    if (!send_rest(socket)) {
        return;
    }
    const ssize_t count = recv(socket, buffer, sizeof buffer, 0);
    if (count == 0 || (count < 0 && errno != EAGAIN)) {
        close_echo(socket);
        return;
    }
    if (count > 0) {
        const ssize_t sent = send(socket, buffer, static_cast<size_t>(count), MSG_NOSIGNAL);
        const ssize_t done = sent < 0 ? 0 : sent;
        if (done < count) {
            unsent[socket].assign(buffer + done, static_cast<size_t>(count - done));
            watch(socket, EPOLLOUT, EPOLL_CTL_MOD);
        }
    }
}

void echo_datagrams(int socket)
{
    static char buffer[65536];
    sockaddr_in from{};
    socklen_t length = sizeof from;
    for (ssize_t count; (count = recvfrom(socket, buffer, sizeof buffer, 0,
                                          reinterpret_cast<sockaddr*>(&from), &length)) >= 0;) {
        sendto(socket, buffer, static_cast<size_t>(count), 0, reinterpret_cast<sockaddr*>(&from),
               length);
    }
}

void discard(int socket)
{
    static char buffer[65536];
    while (recv(socket, buffer, sizeof buffer, 0) >= 0) {
        discarded++;
    }
}

void tell_count(int listener)
{
    const int client = accept(listener, nullptr, nullptr);
    if (client >= 0) {
        const std::string line = std::to_string(discarded) + "\n";
        send(client, line.data(), line.size(), MSG_NOSIGNAL);
        close(client);
    }
}

void accept_echo(int listener)
{
    for (int client; (client = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK)) >= 0;) {
        const int on = 1;
        setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        watch(client, EPOLLIN);
    }
}

}   // namespace

int main()
{
    epoll = require(epoll_create1(0), "epoll_create1");
    const int echo_listener = open_socket(SOCK_STREAM, echo_port);
    const int echo_socket = open_socket(SOCK_DGRAM, echo_port);
    const int discard_socket = open_socket(SOCK_DGRAM, discard_port);
    const int count_listener = open_socket(SOCK_STREAM, discard_port);
    for (;;) {
        epoll_event events[64];
        const int ready = epoll_wait(epoll, events, 64, -1);
        for (int i = 0; i < ready; i++) {
            const int socket = events[i].data.fd;
            if (socket == echo_listener) {
                accept_echo(socket);
            } else if (socket == echo_socket) {
                echo_datagrams(socket);
            } else if (socket == discard_socket) {
                discard(socket);
            } else if (socket == count_listener) {
                tell_count(socket);
            } else {
                echo(socket);
            }
        }
    }
}
