// An echo client: `echotest [ADDRESS [PORT]]`, by default 10.0.2.2, port 10000. Sends a message
// and checks that it comes back.
#include "lib/args.hh"
#include "lib/lib.hh"

static constexpr char message[] = "Hello world!\n";
static constexpr size_t message_bytes = sizeof message - 1;

static Endpoint server_address(int argc, char** argv)
{
    const char* const name = argc > 1 ? argv[1] : "10.0.2.2";
    Endpoint server;
    unsigned long port = 10000;
    if (resolve(name, AF_UNSPEC, &server) < 0 || (argc > 2 && !parse_count(argv[2], 65535, port))) {
        cprintf("usage: echotest [ADDRESS [PORT]]\n");
        exit(2);
    }
    cprintf("Connecting to %s port %lu\n", name, port);
    server.set_port(static_cast<in_port_t>(port));
    return server;
}

void umain(int argc, char** argv)
{
    const Endpoint server = server_address(argc, argv);
    const int connection = must(socket(server.family(), SOCK_STREAM), "open a socket");
    cprintf("opened socket\n");
    must(connect(connection, server.address(), server.size()), "connect");
    cprintf("connected to server\n");

    must(writen(connection, message, message_bytes), "send");
    char reply[message_bytes + 1] = {};
    const auto count = static_cast<size_t>(must(readn(connection, reply, message_bytes), "receive"));
    cprintf("Received: %s", reply);
    if (count != message_bytes || memcmp(reply, message, message_bytes) != 0) {
        panic("the reply is not what was sent: %zu bytes of %zu", count, message_bytes);
    }
    close(connection);
    cprintf("The echo is right.\n");
}
