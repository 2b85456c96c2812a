// Connects the console to the network: `nc [-u] HOST PORT`, `nc [-u] -l PORT`. What descriptor 0
// has is sent, what arrives is written to descriptor 1. A second environment does the sending, as
// reading the console waits.
#include "lib/args.hh"
#include "lib/lib.hh"

namespace {

struct Settings {
    bool datagrams = false;
    bool listens = false;
    const char* host = nullptr;
    in_port_t port = 0;
};

int checked(int result, const char* what)
{
    if (result < 0) {
        fprintf(2, "nc: cannot %s: %s\n", what, error_text(result));
        exit(1);
    }
    return result;
}

Settings read_settings(int argc, char** argv)
{
    Settings settings;
    OptionParser options(argc, argv, "lu");
    bool good = true;
    while (const int option = options.next()) {
        switch (option) {
        case 'l': settings.listens = true; break;
        case 'u': settings.datagrams = true; break;
        default: good = false;
        }
    }
    int operand = options.first_operand();
    if (!settings.listens && operand < argc) {
        settings.host = argv[operand++];
    }
    unsigned long port = 0;
    good = good && operand + 1 == argc && parse_count(argv[operand], 65535, port) && port != 0;
    if (!good) {
        fprintf(2, "usage: nc [-u] HOST PORT\n       nc [-u] -l PORT\n");
        exit(2);
    }
    settings.port = static_cast<in_port_t>(port);
    return settings;
}

int connect_to(const Settings& settings)
{
    Endpoint host;
    checked(resolve(settings.host, AF_UNSPEC, &host), "find the host");
    host.set_port(settings.port);
    const int fd = checked(socket(host.family(), settings.datagrams ? SOCK_DGRAM : SOCK_STREAM),
                        "open a socket");
    checked(connect(fd, host.address(), host.size()), "connect");
    return fd;
}

// The first connection; for datagrams the socket, connected to the first one's sender.
int wait_for_peer(const Settings& settings)
{
    const int fd = checked(socket(AF_INET6, settings.datagrams ? SOCK_DGRAM : SOCK_STREAM),
                        "open a socket");                       // and IPv4
    const int on = 1;                   // connections of an earlier run may linger
    checked(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "set SO_REUSEADDR");
    const Endpoint own = Endpoint::any(AF_INET6, settings.port);
    checked(bind(fd, own.address(), own.size()), "bind");
    if (settings.datagrams) {
        char byte = 0;
        Endpoint peer;
        checked(recvfrom(fd, &byte, 1, MSG_PEEK, peer.to_fill(), peer.size_to_fill()), "receive");
        checked(connect(fd, peer.address(), peer.size()), "connect");
        return fd;
    }
    checked(listen(fd, 1), "listen");
    const int connection = checked(accept(fd), "accept");
    close(fd);
    return connection;
}

// Sends what descriptor 0 has, and then the end of it.
void send_input(int fd)
{
    static char buffer[1400];           // a datagram's worth
    for (;;) {
        const ssize_t count = read(0, buffer, sizeof buffer);
        if (count <= 0) {
            break;
        }
        checked(send(fd, buffer, static_cast<size_t>(count)), "send");
    }
    shutdown(fd, SHUT_WR);
}

void write_output(int fd)
{
    static char buffer[16 * 1024];
    for (;;) {
        const int count = checked(recv(fd, buffer, sizeof buffer), "receive");
        if (count == 0) {
            return;
        }
        checked(static_cast<int>(writen(1, buffer, static_cast<size_t>(count))), "write");
    }
}

} // namespace

void umain(int argc, char** argv)
{
    const Settings settings = read_settings(argc, argv);
    const int fd = settings.listens ? wait_for_peer(settings) : connect_to(settings);
    const envid_t sender = checked(fork(), "start the sender");
    if (sender == 0) {
        send_input(fd);
        exit(0);
    }
    write_output(fd);
    sys_env_destroy(sender);            // it may wait for a line that nobody wants any more
    wait(sender);
    exit(0);
}
