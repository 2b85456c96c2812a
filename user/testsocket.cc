// Sockets as programs use them, over 127.0.0.1: it needs the network server, and no card. Then
// what programs must not be able to do to the server.
#include <algorithm>
#include <array>

#include "lib/lib.hh"
#include "net/protocol.hh"

namespace {

constexpr in_port_t port = 4711;

void require(bool holds, const char* what, int result = 0)
{
    if (!holds) {
        panic("%s: %d (%s)", what, result, result < 0 ? error_text(result) : "no error");
    }
}

void require_error(int result, Error error, const char* what)
{
    require(result == to_abi(error), what, result);
}

// A sockaddr_in in the form that the calls take.
struct Address {
    sockaddr_in in;
    explicit Address(in_port_t number, in_addr_t ip = INADDR_LOOPBACK)
        : in(socket_address(ip, number))
    {
    }
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&in); }
    static constexpr socklen_t size = sizeof(sockaddr_in);
};

int listener(in_port_t number)
{
    const int fd = socket(AF_INET, SOCK_STREAM);
    require(fd >= 0, "socket", fd);
    const int on = 1;                   // connections of an earlier test may linger
    require(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0, "SO_REUSEADDR");
    const Address any(number, INADDR_ANY);
    int result = bind(fd, any.get(), Address::size);
    require(result == 0, "bind", result);
    result = listen(fd, 16);
    require(result == 0, "listen", result);
    return fd;
}

struct Pair {
    int client = -1, server = -1;
};

Pair connected_pair(int listening, in_port_t number)
{
    Pair pair;
    pair.client = socket(AF_INET, SOCK_STREAM);
    const Address to(number);
    int result = connect(pair.client, to.get(), Address::size);
    require(result == 0, "connect", result);
    pair.server = accept(listening);
    require(pair.server >= 0, "accept", pair.server);
    return pair;
}

void close_pair(const Pair& pair)
{
    require(close(pair.client) == 0, "close");
    require(close(pair.server) == 0, "close");
}

uint8_t pattern(size_t position) { return static_cast<uint8_t>(position * 7 + position / 251); }

constexpr size_t stream_bytes = 1000 * 1000;
std::array<uint8_t, 100000> buffer;

void send_stream(int fd)
{
    for (size_t sent = 0; sent < stream_bytes;) {
        const size_t size = std::min(buffer.size(), stream_bytes - sent);
        for (size_t i = 0; i < size; i++) {
            buffer[i] = pattern(sent + i);
        }
        const int result = send(fd, buffer.data(), size);
        require(result == static_cast<int>(size), "send of a large buffer", result);
        sent += size;
    }
}

void receive_stream(int fd)
{
    size_t received = 0;
    for (;;) {
        const int count = recv(fd, buffer.data(), buffer.size());
        require(count >= 0, "recv of a stream", count);
        if (count == 0) {
            break;
        }
        for (int i = 0; i < count; i++, received++) {
            require(buffer[static_cast<size_t>(i)] == pattern(received), "byte of the stream",
                    static_cast<int>(received));
        }
    }
    require(received == stream_bytes, "length of the stream", static_cast<int>(received));
}

void test_stream()
{
    const int listening = listener(port);
    const Pair pair = connected_pair(listening, port);
    const envid_t child = fork();
    require(child >= 0, "fork", child);
    if (child == 0) {
        send_stream(pair.client);
        exit();                         // closes; the parent's copies keep the socket
    }
    close(pair.client);
    receive_stream(pair.server);
    wait(child);
    close(pair.server);
    close(listening);
    cprintf("tcp stream is good\n");
}

void test_names()
{
    const int listening = listener(port);
    const Pair pair = connected_pair(listening, port);
    sockaddr_in own, peer;
    socklen_t size = sizeof(own);
    require(getsockname(pair.client, reinterpret_cast<sockaddr*>(&own), &size) == 0,
            "getsockname");
    size = sizeof(peer);
    require(getpeername(pair.server, reinterpret_cast<sockaddr*>(&peer), &size) == 0,
            "getpeername");
    require(own.sin_port == peer.sin_port && own.sin_addr.s_addr == peer.sin_addr.s_addr
                && ntohl(peer.sin_addr.s_addr) == INADDR_LOOPBACK,
            "names of both ends");
    require(strcmp(inet_ntoa(peer.sin_addr), "127.0.0.1") == 0, "inet_ntoa");
    close_pair(pair);
    close(listening);
    cprintf("names are good\n");
}

void test_closing()
{
    const int listening = listener(port);
    const Pair pair = connected_pair(listening, port);
    char byte = 'x';
    require(send(pair.client, &byte, 1) == 1, "send");
    require(shutdown(pair.client, SHUT_WR) == 0, "shutdown");
    require_error(send(pair.client, &byte, 1), Error::broken_pipe, "send after shutdown");
    require(recv(pair.server, &byte, 1, MSG_PEEK) == 1, "recv with MSG_PEEK");
    require(recv(pair.server, &byte, 1) == 1 && byte == 'x', "recv");
    require(recv(pair.server, &byte, 1) == 0, "recv at the end");
    require(send(pair.server, "answer", 6) == 6, "send the other way");
    std::array<char, 16> text;
    require(recv(pair.client, text.data(), text.size()) == 6, "recv after shutdown");
    close_pair(pair);

    const Pair reset = connected_pair(listening, port);
    require(send(reset.client, &byte, 1) == 1, "send");
    pollfd readable{reset.server, POLLIN, 0};
    require(poll(&readable, 1, 1000) == 1, "poll");
    close(reset.server);                // with a byte unread: a reset
    require_error(recv(reset.client, &byte, 1), Error::connection_reset, "recv after a reset");
    close(reset.client);
    close(listening);
    cprintf("closing is good\n");
}

void test_errors()
{
    const Address nobody(1);
    const int fd = socket(AF_INET, SOCK_STREAM);
    char byte = 0;
    require_error(recv(fd, &byte, 1), Error::not_connected, "recv before connect");
    require_error(send(fd, &byte, 1), Error::not_connected, "send before connect");
    require_error(connect(fd, nobody.get(), Address::size), Error::connection_refused,
                  "connect to nobody");
    close(fd);
    require_error(recv(fd, &byte, 1), Error::bad_descriptor, "recv after close");
    require_error(socket(AF_INET, 77), Error::not_supported, "socket of no kind");
    require_error(socket(77, SOCK_STREAM), Error::not_supported, "socket of no family");

    const int listening = listener(port);
    const int second = socket(AF_INET, SOCK_STREAM);
    const Address taken(port, INADDR_ANY), foreign(port, 0x08080808);
    require_error(bind(second, taken.get(), Address::size), Error::address_in_use, "bind twice");
    require_error(bind(second, foreign.get(), Address::size), Error::invalid_argument,
                  "bind to another's address");
    require_error(accept(second), Error::invalid_argument, "accept without listen");
    require_error(accept(200), Error::bad_descriptor, "accept on nothing");
    close(second);
    close(listening);
    cprintf("errors are good\n");
}

void test_nonblocking()
{
    const int listening = listener(port);
    require(set_nonblocking(listening, true) == 0, "set_nonblocking");
    require_error(accept(listening), Error::try_again, "accept with nobody there");

    const int client = socket(AF_INET, SOCK_STREAM);
    set_nonblocking(client, true);
    const Address to(port);
    require_error(connect(client, to.get(), Address::size), Error::in_progress, "connect");
    std::array<pollfd, 2> both = {pollfd{client, POLLOUT, 0}, pollfd{listening, POLLIN, 0}};
    require(poll(both.data(), 2, 1000) >= 1, "poll for a connection");
    require(poll(both.data(), 1, 1000) == 1 && both[0].revents == POLLOUT, "poll for connect");
    int error = 1;
    socklen_t size = sizeof(error);
    require(getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0, "SO_ERROR");
    const int server = accept(listening);
    require(server >= 0, "accept", server);

    char byte = 0;
    require_error(recv(client, &byte, 1), Error::try_again, "recv of nothing");
    require_error(recv(server, &byte, 1, MSG_DONTWAIT), Error::try_again, "MSG_DONTWAIT");
    int queued = 0;
    for (;;) {
        const int result = send(client, buffer.data(), buffer.size());
        if (result < 0) {
            require_error(result, Error::try_again, "send into a full window");
            break;
        }
        queued += result;
    }
    require(queued > 64 * 1024, "bytes that fit", queued);
    pollfd writable{client, POLLOUT, 0};
    require(poll(&writable, 1, 50) == 0, "poll of a full socket");
    close(client);
    close(server);
    close(listening);
    cprintf("non-blocking mode is good\n");
}

void test_datagrams()
{
    const int server = socket(AF_INET, SOCK_DGRAM), client = socket(AF_INET, SOCK_DGRAM);
    const Address any(port, INADDR_ANY), to(port);
    require(bind(server, any.get(), Address::size) == 0, "bind");
    require_error(send(client, "x", 1), Error::not_connected, "send without an address");
    for (int size : {0, 1, 1400, 4000, 65507}) {
        const size_t bytes = static_cast<size_t>(size);
        std::fill_n(buffer.begin(), bytes, static_cast<uint8_t>(size));
        require(sendto(client, buffer.data(), bytes, 0, to.get(), Address::size) == size, "sendto",
                size);
        buffer.fill(0xAA);
        sockaddr_in from;
        socklen_t length = sizeof(from);
        const int count = recvfrom(server, buffer.data(), buffer.size(), 0,
                                   reinterpret_cast<sockaddr*>(&from), &length);
        require(count == size, "recvfrom", count);
        require(std::all_of(buffer.begin(), buffer.begin() + size,
                            [&](uint8_t byte) { return byte == static_cast<uint8_t>(size); }),
                "bytes of a datagram", size);
        require(sendto(server, "ok", 2, 0, reinterpret_cast<sockaddr*>(&from), length) == 2,
                "answer");
        require(recv(client, buffer.data(), buffer.size()) == 2, "recv of the answer");
    }
    require_error(sendto(client, buffer.data(), 65508, 0, to.get(), Address::size),
                  Error::message_size, "sendto of too much");
    close(server);
    close(client);
    cprintf("datagrams are good\n");
}

void test_poll()
{
    const int fd = socket(AF_INET, SOCK_DGRAM);
    const Address own(port);
    require(bind(fd, own.get(), Address::size) == 0, "bind");
    std::array<pollfd, 3> entries = {pollfd{fd, POLLIN, 0}, pollfd{-1, POLLIN, 0},
                                     pollfd{fd, POLLIN, 0}};
    const uint32_t start = sys_time_msec();
    require(poll(entries.data(), 3, 100) == 0, "poll in vain");
    const uint32_t waited = sys_time_msec() - start;
    require(waited >= 100 && waited < 1000, "time waited in vain", static_cast<int>(waited));
    require(poll(entries.data(), 3, 0) == 0, "poll without waiting");
    entries[1].fd = 200;
    require(poll(entries.data(), 3, -1) == 1 && entries[1].revents == POLLNVAL, "poll of no fd");

    const envid_t child = fork();
    if (child == 0) {
        sys_sleep(50);
        const int sender = socket(AF_INET, SOCK_DGRAM);
        sendto(sender, "x", 1, 0, own.get(), Address::size);
        exit();
    }
    entries[1].fd = -1;
    require(poll(entries.data(), 3, -1) == 2 && entries[0].revents == POLLIN
                && entries[2].revents == POLLIN,
            "poll until a datagram comes");
    wait(child);
    close(fd);
    cprintf("poll is good\n");
}

int free_pages()
{
    MemoryInfo info;
    sys_memory_info(&info);
    return static_cast<int>(info.free_pages);
}

// A second is long for the server to notice that a client is gone.
bool returns_to(int pages)
{
    for (int i = 0; i < 20; i++) {
        if (free_pages() >= pages) {
            return true;
        }
        sys_sleep(100);
    }
    return false;
}

// Opens sockets until there are no more; whether for a reason that there is.
bool open_all()
{
    for (;;) {
        const int fd = socket(AF_INET, SOCK_DGRAM);
        if (fd < 0) {
            return fd == to_abi(Error::max_open) || fd == to_abi(Error::no_memory);
        }
    }
}

// Clients that open all they can, and die without a word.
void test_dead_clients()
{
    const int before = free_pages();
    for (int round = 0; round < 3; round++) {
        const envid_t child = fork();
        require(child >= 0, "fork", child);
        if (child == 0) {
            const int listening = listener(port);
            connected_pair(listening, port);
            set_nonblocking(listening, true);
            for (int i = 0; i < 100; i++) {
                socket(AF_INET, SOCK_DGRAM);
            }
            char byte = 0;
            recv(listening + 1, &byte, 1);      // waits for good
            exit();
        }
        sys_sleep(300);
        require(sys_env_destroy(child) == 0, "env_destroy");
        wait(child);
        sys_sleep(600);
    }
    require(returns_to(before), "pages missing after clients died", before - free_pages());
    const int listening = listener(port);
    close(listening);
    cprintf("dead clients leave nothing\n");
}

void test_limits()
{
    constexpr int programs = 8;         // more descriptors than the server has sockets
    const int before = free_pages();
    std::array<envid_t, programs> children;
    for (envid_t& child : children) {
        child = fork();
        if (child == 0) {
            const bool refused = open_all();
            sys_sleep(500);             // the others find all taken
            exit(refused ? 0 : 1);
        }
    }
    for (envid_t child : children) {
        require(wait(child) == 0, "socket when all are in use");
    }
    require(returns_to(before), "pages missing after all sockets were used",
            before - free_pages());
    const int fd = socket(AF_INET, SOCK_STREAM);
    require(fd >= 0, "socket after others used all", fd);
    close(fd);
    cprintf("limits are good\n");
}

constexpr uintptr_t hostile_page = 0x30000000;

int raw_call(envid_t server, uint32_t code, const SocketRequest& request, uint32_t page_count = 1,
             bool writable = true)
{
    *reinterpret_cast<SocketRequest*>(hostile_page) = request;
    const IpcMessage answer = ipc_call(server, code,
                                       page_count == 0 ? PageRun::none()
                                       : PageRun::at(hostile_page, page_count, writable),
                                       PageRun::at(0x38000000, 1), 1000);
    return answer.from < 0 ? answer.from : static_cast<int>(answer.value);
}

void test_hostile()
{
    const envid_t server = ipc_find_env(EnvType::ns);
    void* const page = reinterpret_cast<void*>(hostile_page);
    require(sys_page_alloc_run(0, page, 4, PTE_P | PTE_U | PTE_W) == 0, "page_alloc_run");

    for (uint32_t code = 0; code < 64; code++) {
        require(raw_call(server, code, {}, 0) < 0, "request without a page",
                static_cast<int>(code));
        for (uint32_t socket_number : {0u, 1u, 1023u, 1024u, 0xFFFFFFFFu}) {
            SocketRequest request;
            request.socket = socket_number;
            request.ticket = 0x1234567812345678;
            request.size = 0xFFFFFFFF;
            const bool counts = code == NSREQ_SOCKET || code == NSREQ_POLL || code == NSREQ_BATCH;
            request.argument[0] = counts ? 0x7FFFFFFF : 0;
            const bool needs_none = code == NSREQ_STATUS;
            require(raw_call(server, code, request, 1) < 0 || needs_none,
                    "request with a wrong ticket",
                    static_cast<int>(code));
        }
    }
    require(raw_call(server, NSREQ_INPUT, {}, 4) < 0, "packets from a stranger");
    require(raw_call(server, NSREQ_TIMER, {}, 0) < 0, "time from a stranger");
    require(raw_call(server, NSREQ_OUTPUT_DONE, {}, 0) < 0, "output from a stranger");

    // A descriptor of our own, sizes that are not.
    const int fd = socket(AF_INET, SOCK_DGRAM);
    const Fd& own = *fd_pointer(fd);
    SocketRequest request;
    request.socket = own.fd_object;
    request.ticket = own.fd_ticket;
    request.flags = request_has_address;
    request.address = {INADDR_LOOPBACK, port, 0};
    for (uint32_t size : {4041u, 65507u, 65508u, 0x7FFFFFFFu, 0xFFFFFFFFu}) {
        request.size = size;
        require(raw_call(server, NSREQ_SEND, request, 1) < 0, "send of more than there is",
                static_cast<int>(size));
    }
    require_error(raw_call(server, NSREQ_RECV, request, 1, false), Error::fault,
                  "recv into a page that is not writable");

    // Requests whose answers nobody waits for.
    for (int i = 0; i < 200; i++) {
        sys_ipc_send(server, NSREQ_RECV, PageRun::at(hostile_page, 4), 1000);
    }
    require(close(fd) == 0, "close");
    sys_page_unmap_run(0, page, 4);
    cprintf("hostile requests are refused\n");
}

} // namespace

void umain(int, char**)
{
    test_names();
    test_stream();
    test_closing();
    test_errors();
    test_nonblocking();
    test_datagrams();
    test_poll();
    test_dead_clients();
    test_limits();
    test_hostile();
    test_names();                       // and the server still serves
    cprintf("testsocket: all is good\n");
}
