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

} // namespace

static constexpr Test tests[] = {
    {"sockets: streams carry data", streams_carry_data},
    {"sockets: bytes are sent in place", bytes_are_sent_in_place},
    {"sockets: datagrams keep their bounds", datagrams_keep_their_bounds},
    {"sockets: errors are told", errors_are_told},
    {"sockets: poll waits and wakes", poll_waits_and_wakes},
    {"sockets: dead peers are noticed", dead_peers_are_noticed},
    {"sockets: they run out with an error", sockets_run_out},
    {"sockets: crashed clients are cleaned up", crashed_clients_are_cleaned_up},
    {"sockets: garbage does not stop the server", garbage_does_not_stop_the_server},
};
const std::span<const Test> socket_tests = tests;
