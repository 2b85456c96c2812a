// The discard server (RFC 863), udp: takes what comes on port 9 and counts it. A tcp connection to
// port 9 is told how many datagrams there were, and closed: the benchmark asks so.
#include <array>

#include "lib/lib.hh"
#include "lib/socket_batch.hh"

namespace {

constexpr in_port_t port = 9;
constexpr uintptr_t batch_pages = 0x20000000;
constexpr size_t batch_bytes = 32768;

uint32_t discarded;

int open_socket(int type)
{
    const int fd = must(socket(AF_INET6, type), "open a socket");
    const Endpoint own = Endpoint::any(AF_INET6, port);
    must(bind(fd, own.address(), own.size()), "bind to port 9");
    return fd;
}

// One that is larger than the batch's memory is received cut off.
void discard_large(int fd)
{
    char start[1];
    discarded += recv(fd, start, sizeof start, MSG_DONTWAIT) >= 0 ? 1 : 0;
}

void tell_count(int client)
{
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
    SocketBatch batch;
    must(batch.open(batch_pages, 2, batch_bytes), "have memory for datagrams");
    for (;;) {
        batch.clear();
        const int receiving = batch.receive_many(datagrams, batch.data(), batch_bytes);
        const int accepting = batch.accept(listener);
        must(batch.submit(-1), "wait for clients");
        if (const int count = batch.result(receiving); count > 0) {
            discarded += static_cast<uint32_t>(count);
        } else if (count == to_abi(Error::message_size)) {
            discard_large(datagrams);
        }
        if (const int client = batch.result(accepting); client >= 0) {
            tell_count(client);
        }
    }
}
