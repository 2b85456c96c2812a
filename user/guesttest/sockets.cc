// Sockets over the loopback address, and what programs may send the network server.
#include "user/guesttest/test.hh"

namespace {

constexpr uint16_t test_port = 4711;

sockaddr_in loopback(uint16_t port) { return socket_address(INADDR_LOOPBACK, port); }

const sockaddr* generic(const sockaddr_in& address)
{
    return reinterpret_cast<const sockaddr*>(&address);
}

int new_socket(int type = SOCK_STREAM)
{
    return check_result(socket(AF_INET, type), "socket");
}

// Each test has a port of its own, so that none waits for another's connections to be forgotten.
int listen_on(uint16_t port)
{
    const int listener = new_socket();
    const sockaddr_in address = loopback(port);
    check_result(bind(listener, generic(address), sizeof address), "bind");
    check_result(listen(listener, 16), "listen");
    return listener;
}

int connect_to(uint16_t port)
{
    const int connection = new_socket();
    const sockaddr_in address = loopback(port);
    check_result(connect(connection, generic(address), sizeof address), "connect");
    return connection;
}

void streams_carry_data()
{
    constexpr size_t total = 300'000;
    const int listener = listen_on(test_port);
    const envid_t child = start_child([] {
        static char block[7001];
        const int connection = connect_to(test_port);
        for (size_t sent = 0; sent < total;) {
            for (size_t i = 0; i < sizeof block; i++) {
                block[i] = static_cast<char>((sent + i) % 251);
            }
            const size_t part = total - sent < sizeof block ? total - sent : sizeof block;
            check_equal(writen(connection, block, part), static_cast<long>(part), "writen");
            sent += part;
        }
        check_result(close(connection), "close");
    });
    const int connection = check_result(accept(listener), "accept");
    static char block[5003];
    size_t received = 0;
    while (const int count = check_result(recv(connection, block, sizeof block), "recv")) {
        for (int i = 0; i < count; i++, received++) {
            check(block[i] == static_cast<char>(received % 251), "a byte of the stream is wrong");
        }
    }
    check_equal(static_cast<long>(received), total, "bytes received");
    check_equal(wait_for(child), 0, "status of the sender");
    check_result(close(connection), "close");
    check_result(close(listener), "close");
}

// The same bytes again and again, from where they are.
void bytes_are_sent_in_place()
{
    constexpr size_t size = 3 * page_size - room_in_place;
    constexpr int times = 3;
    const int listener = listen_on(test_port + 5);
    const envid_t child = start_child([] {
        check_result(sys_page_alloc_run(0, scratch_page(), 3, page_rights), "page_alloc_run");
        char* const bytes = scratch_page() + room_in_place;
        for (size_t i = 0; i < size; i++) {
            bytes[i] = static_cast<char>(i % 251);
        }
        const int connection = connect_to(test_port + 5);
        for (int i = 0; i < times; i++) {
            check_equal(send_in_place(connection, scratch_page(), size), static_cast<long>(size),
                        "send_in_place");
        }
        check_error(send_in_place(connection, scratch_page() + 1, 1), Error::invalid_argument,
                    "bytes that are not at the start of a page");
        check_error(send_in_place(connection, scratch_page(), max_in_place + 1),
                    Error::invalid_argument, "too many bytes");
        check_error(send_in_place(connection, scratch_page(), 3 * page_size),
                    Error::invalid_argument, "a page that is not there");
        check_result(close(connection), "close");
    });
    const int connection = check_result(accept(listener), "accept");
    static char block[times * size + 1];
    check_equal(readn(connection, block, sizeof block), times * size, "bytes received");
    for (size_t i = 0; i < times * size; i++) {
        check(block[i] == static_cast<char>(i % size % 251), "a byte is wrong");
    }
    check_equal(wait_for(child), 0, "status of the sender");
    check_result(close(connection), "close");
    check_result(close(listener), "close");
}

void datagrams_keep_their_bounds()
{
    const int receiver = new_socket(SOCK_DGRAM), sender = new_socket(SOCK_DGRAM);
    const sockaddr_in address = loopback(test_port);
    check_result(bind(receiver, generic(address), sizeof address), "bind");
    for (const char* text : {"one", "two and more", ""}) {
        check_equal(sendto(sender, text, strlen(text), 0, generic(address), sizeof address),
                    static_cast<long>(strlen(text)), "sendto");
    }
    char text[32] = {};
    check_equal(recv(receiver, text, sizeof text), 3, "recv");
    check_equal(recv(receiver, text, 3), 3, "recv of a part");
    check_equal(recv(receiver, text, sizeof text), 0, "recv of an empty datagram");
    check_error(recv(receiver, text, sizeof text, MSG_DONTWAIT), Error::try_again,
                "recv of a datagram too many");
}

void errors_are_told()
{
    const sockaddr_in nobody = loopback(1);
    const int lonely = new_socket();
    check_error(connect(lonely, generic(nobody), sizeof nobody), Error::connection_refused,
                "connect to a closed port");
    check_error(send(new_socket(), "x", 1), Error::not_connected, "send without connection");
    const int listener = listen_on(test_port + 1);
    const int second = new_socket();
    const sockaddr_in taken = loopback(test_port + 1);
    check_error(bind(second, generic(taken), sizeof taken), Error::address_in_use,
                "bind to a port that is taken");
    check_result(set_nonblocking(listener, true), "set_nonblocking");
    check_error(accept(listener), Error::try_again, "accept without waiting");
    check_error(recv(5, nullptr, 0), Error::bad_descriptor, "recv of no descriptor");
    check_error(bind(second, nullptr, 0), Error::invalid_argument, "bind without an address");
    check_error(socket(AF_INET, 77), Error::not_supported, "a socket of no kind");
}

void poll_waits_and_wakes()
{
    const int listener = listen_on(test_port + 2);
    pollfd entry{listener, POLLIN, 0};
    const uint32_t start = sys_time_msec();
    check_equal(poll(&entry, 1, 100), 0, "poll without clients");
    check(sys_time_msec() - start >= 90, "poll did not wait");
    const envid_t child = start_child([] {
        sys_sleep(100);
        const int connection = connect_to(test_port + 2);
        sys_sleep(100);
        check_equal(send(connection, "x", 1), 1, "send");
    });
    check_equal(poll(&entry, 1, 5000), 1, "poll for a client");
    check((entry.revents & POLLIN) != 0, "poll's answer for the listener");
    const int connection = check_result(accept(listener), "accept");
    pollfd both[] = {{listener, POLLIN, 0}, {connection, POLLIN, 0}};
    check_equal(poll(both, 2, 5000), 1, "poll for data");
    check(both[0].revents == 0 && (both[1].revents & POLLIN) != 0, "poll's answer for the data");
    check_equal(wait_for(child), 0, "status of the client");
    pollfd wrong{200, POLLIN, 0};
    check_equal(poll(&wrong, 1, 0), 1, "poll of no descriptor");
    check_equal(wrong.revents, POLLNVAL, "poll's answer for no descriptor");
}

void dead_peers_are_noticed()
{
    const int listener = listen_on(test_port + 3);
    const envid_t child = start_child([] {
        connect_to(test_port + 3);
        sys_sleep(100);
        sys_env_set_pgfault_upcall(0, nullptr);
        *reinterpret_cast<volatile char*>(KERNBASE) = 1;       // crashes with its connection open
    });
    const int connection = check_result(accept(listener), "accept");
    pollfd entry{connection, POLLIN, 0};
    check_equal(poll(&entry, 1, 5000), 1, "poll for the end of a crashed peer's stream");
    char byte = 0;
    check(recv(connection, &byte, 1) <= 0, "data from a crashed peer");
    wait_for(child);
}

void sockets_run_out()
{
    int count = 0, result = 0;
    while ((result = socket(AF_INET, SOCK_DGRAM)) >= 0) {
        count++;
    }
    check(result == to_abi(Error::max_open) || result == to_abi(Error::no_memory),
          "socket does not run out with an error");
    check(count > 100, "only a few sockets can be open");
    close_all();
    check_result(socket(AF_INET, SOCK_DGRAM), "socket after all were closed");
}

void crashed_clients_are_cleaned_up()
{
    for (int i = 0; i < 20; i++) {
        const int status = status_of([] {
            for (int n = 0; n < 100; n++) {
                new_socket(n % 2 == 0 ? SOCK_STREAM : SOCK_DGRAM);
            }
            sys_env_set_pgfault_upcall(0, nullptr);
            *reinterpret_cast<volatile char*>(KERNBASE) = 1;
        });
        check_equal(status, fault_status + T_PGFLT, "status of a client that crashes");
        sys_sleep(300);                                 // the server looks now and then
    }
    new_socket();
}

void garbage_does_not_stop_the_server()
{
    const envid_t server = ipc_find_env(EnvType::ns);
    const PageRun page = PageRun::at(address_of(scratch_page()), 1);
    const PageRun window = PageRun::at(address_of(scratch_page(8)), 8);
    check_result(sys_page_alloc(0, scratch_page(), page_rights), "page_alloc");
    for (uint32_t value = 0; value < 40; value++) {
        ipc_call(server, value, {}, window, 100);
        for (const int byte : {0x00, 0xFF, 0x41}) {
            memset(scratch_page(), byte, page_size);
            ipc_call(server, value, page, window, 100);
        }
        auto* const words = scratch_page<uint32_t>();
        for (uint32_t i = 0; i < page_size / sizeof *words; i++) {
            words[i] = (i + value) * 2654435761u;
        }
        ipc_call(server, value, page, {}, 100);
    }
    const int datagrams = new_socket(SOCK_DGRAM);
    const sockaddr_in address = loopback(test_port + 4);
    check_result(bind(datagrams, generic(address), sizeof address), "bind after the garbage");
}

// One program, five ports for streams and one for datagrams, and one poll for them all.
void several_ports_are_served()
{
    constexpr uint16_t first = test_port + 20;
    constexpr int streams = 5;
    pollfd entries[streams + 1];
    for (int i = 0; i < streams; i++) {
        entries[i] = {listen_on(static_cast<uint16_t>(first + i)), POLLIN, 0};
    }
    entries[streams] = {new_socket(SOCK_DGRAM), POLLIN, 0};
    const sockaddr_in datagrams = loopback(first);          // TCP's ports are not UDP's
    check_result(bind(entries[streams].fd, generic(datagrams), sizeof datagrams), "bind");

    for (int i = streams - 1; i >= 0; i--) {
        const envid_t child = start_child([i] {
            const uint16_t port = static_cast<uint16_t>(first + i);
            const int connection = connect_to(port);
            uint16_t answer = 0;
            check_equal(readn(connection, &answer, sizeof answer), sizeof answer, "readn");
            check_equal(answer, port, "port of the one who answers");
        });
        check_equal(poll(entries, streams + 1, 10'000), 1, "poll for one client");
        check((entries[i].revents & POLLIN) != 0, "poll's answer for the port that was called");
        const int connection = check_result(accept(entries[i].fd), "accept");
        sockaddr_in own;
        socklen_t length = sizeof own;
        check_result(getsockname(connection, reinterpret_cast<sockaddr*>(&own), &length),
                     "getsockname");
        const uint16_t port = ntohs(own.sin_port);
        check_equal(send(connection, &port, sizeof port), sizeof port, "send");
        check_equal(wait_for(child), 0, "status of the client");
        check_result(close(connection), "close");
    }

    const int sender = new_socket(SOCK_DGRAM);
    check_equal(sendto(sender, "x", 1, 0, generic(datagrams), sizeof datagrams), 1, "sendto");
    check_equal(poll(entries, streams + 1, 10'000), 1, "poll for the datagram");
    check((entries[streams].revents & POLLIN) != 0, "poll's answer for the datagram");
    check_result(close(entries[0].fd), "close of one listener");
    const sockaddr_in closed = loopback(first);
    check_error(connect(new_socket(), generic(closed), sizeof closed), Error::connection_refused,
                "connect to the port that was closed");
    const int connection = connect_to(first + 1);
    check_result(close(connection), "close");
}

struct OptionTest {
    const char* name;
    int type, level, option;
    int fresh;                          // the value of a new socket
    int set, then;                      // what is set, and what it is then
    int wrong;                          // a value that is refused; any_value: none is
};
constexpr int any_value = -12345;
constexpr int buffer_limit = 128 * 1024;

constexpr OptionTest option_tests[] = {
    {"SO_REUSEADDR", SOCK_STREAM, SOL_SOCKET, SO_REUSEADDR, 0, 1, 1, any_value},
    {"SO_KEEPALIVE", SOCK_STREAM, SOL_SOCKET, SO_KEEPALIVE, 0, 7, 1, any_value},
    {"SO_RCVBUF", SOCK_STREAM, SOL_SOCKET, SO_RCVBUF, buffer_limit, 1, 2048, any_value},
    {"SO_SNDBUF", SOCK_STREAM, SOL_SOCKET, SO_SNDBUF, buffer_limit, 10'000, 10'000, any_value},
    {"SO_SNDBUF, too large", SOCK_STREAM, SOL_SOCKET, SO_SNDBUF, buffer_limit, 1 << 30,
     buffer_limit, any_value},
    {"TCP_NODELAY", SOCK_STREAM, IPPROTO_TCP, TCP_NODELAY, any_value, 1, 1, any_value},
    {"TCP_NODELAY off", SOCK_STREAM, IPPROTO_TCP, TCP_NODELAY, any_value, 0, 0, any_value},
    {"TCP_KEEPIDLE", SOCK_STREAM, IPPROTO_TCP, TCP_KEEPIDLE, any_value, 30, 30, 0},
    {"TCP_KEEPINTVL", SOCK_STREAM, IPPROTO_TCP, TCP_KEEPINTVL, any_value, 5, 5, 32768},
    {"TCP_KEEPCNT", SOCK_STREAM, IPPROTO_TCP, TCP_KEEPCNT, any_value, 3, 3, -1},
    {"IP_TTL", SOCK_STREAM, IPPROTO_IP, IP_TTL, any_value, 7, 7, 256},
    {"IP_TTL of datagrams", SOCK_DGRAM, IPPROTO_IP, IP_TTL, any_value, 255, 255, 0},
    {"IP_MULTICAST_TTL", SOCK_DGRAM, IPPROTO_IP, IP_MULTICAST_TTL, 1, 3, 3, 256},
    {"IP_MULTICAST_LOOP", SOCK_DGRAM, IPPROTO_IP, IP_MULTICAST_LOOP, any_value, 0, 0, any_value},
};

int option_of(int fd, int level, int option)
{
    int value = 0;
    socklen_t length = sizeof value;
    check_result(getsockopt(fd, level, option, &value, &length), "getsockopt");
    check_equal(static_cast<long>(length), sizeof value, "length of an option");
    return value;
}

void options_are_kept()
{
    for (const OptionTest& test : option_tests) {
        const int fd = new_socket(test.type);
        if (test.fresh != any_value) {
            check_equal(option_of(fd, test.level, test.option), test.fresh, test.name);
        }
        check_result(setsockopt(fd, test.level, test.option, &test.set, sizeof test.set),
                     test.name);
        check_equal(option_of(fd, test.level, test.option), test.then, test.name);
        if (test.wrong != any_value) {
            check_error(setsockopt(fd, test.level, test.option, &test.wrong, sizeof test.wrong),
                        Error::invalid_argument, test.name);
            check_equal(option_of(fd, test.level, test.option), test.then, test.name);
        }
        check_result(close(fd), "close");
    }
}

void options_that_are_not_are_refused()
{
    const int stream = new_socket(), datagrams = new_socket(SOCK_DGRAM);
    const int on = 1;
    int value = 0;
    socklen_t length = sizeof value;
    check_equal(option_of(stream, SOL_SOCKET, SO_TYPE), SOCK_STREAM, "SO_TYPE");
    check_equal(option_of(datagrams, SOL_SOCKET, SO_TYPE), SOCK_DGRAM, "SO_TYPE of datagrams");
    check_equal(option_of(stream, SOL_SOCKET, SO_ACCEPTCONN), 0, "SO_ACCEPTCONN");
    check_equal(option_of(listen_on(test_port + 30), SOL_SOCKET, SO_ACCEPTCONN), 1,
                "SO_ACCEPTCONN of a listener");
    for (const int option : {SO_TYPE, SO_ERROR, SO_ACCEPTCONN, 77, 0x10000 + SO_KEEPALIVE, -1}) {
        check_error(setsockopt(stream, SOL_SOCKET, option, &on, sizeof on), Error::not_supported,
                    "an option that nobody can set");
    }
    check_error(getsockopt(stream, SOL_SOCKET, 77, &value, &length), Error::not_supported,
                "getsockopt of no option");
    check_error(getsockopt(stream, 77, SO_TYPE, &value, &length), Error::not_supported,
                "getsockopt of no level");
    check_error(setsockopt(datagrams, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on),
                Error::not_supported, "an option of streams for datagrams");
    check_error(setsockopt(stream, IPPROTO_IP, IP_MULTICAST_TTL, &on, sizeof on),
                Error::not_supported, "an option of datagrams for streams");
    check_error(setsockopt(stream, SOL_SOCKET, SO_KEEPALIVE, &on, 1), Error::invalid_argument,
                "a value that is too short");
    check_error(setsockopt(stream, SOL_SOCKET, SO_KEEPALIVE, nullptr, sizeof on),
                Error::invalid_argument, "no value");
    check_error(setsockopt(5, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on), Error::bad_descriptor,
                "an option of no descriptor");
    const ip_mreq no_group{{htonl(INADDR_LOOPBACK)}, {}};
    check_error(setsockopt(datagrams, IPPROTO_IP, IP_ADD_MEMBERSHIP, &no_group, sizeof no_group),
                Error::invalid_argument, "an address that is no group's");
}

// A child opens all that one program can; this one, and the servers, can go on.
void one_program_cannot_take_all()
{
    const envid_t child = start_child([] {
        int result = 0;
        int32_t count = 0;
        while ((result = socket(AF_INET, SOCK_STREAM)) >= 0) {
            count++;
        }
        check_equal(result, to_abi(Error::max_open), "what ends it");
        ipc_send(thisenv->env_parent_id, static_cast<uint32_t>(count), nullptr, 0);
        sys_sleep(wait_forever - 1);
    });
    check(ipc_recv(nullptr, nullptr, nullptr) > 200, "only a few streams can be open");
    const int listener = listen_on(test_port + 31);
    const int connection = connect_to(test_port + 31);
    check_equal(send(connection, "x", 1), 1, "send");
    char byte = 0;
    check_equal(recv(check_result(accept(listener), "accept"), &byte, 1), 1, "recv");
    check_result(sys_env_destroy(child), "env_destroy");
    wait_for(child);
}

} // namespace

static constexpr Test tests[] = {
    {"sockets: streams carry data", streams_carry_data},
    {"sockets: bytes are sent in place", bytes_are_sent_in_place},
    {"sockets: datagrams keep their bounds", datagrams_keep_their_bounds},
    {"sockets: errors are told", errors_are_told},
    {"sockets: poll waits and wakes", poll_waits_and_wakes},
    {"sockets: dead peers are noticed", dead_peers_are_noticed},
    {"sockets: several ports are served", several_ports_are_served},
    {"sockets: options are kept", options_are_kept},
    {"sockets: options that are not are refused", options_that_are_not_are_refused},
    {"sockets: they run out with an error", sockets_run_out},
    {"sockets: one program cannot take all", one_program_cannot_take_all},
    {"sockets: crashed clients are cleaned up", crashed_clients_are_cleaned_up},
    {"sockets: garbage does not stop the server", garbage_does_not_stop_the_server},
};
const std::span<const Test> socket_tests = tests;
