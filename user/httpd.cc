// The web server: files below /www on port 80. One environment serves all clients: what they wait
// for, and the small things that they are sent, go to the network server in one message
// (lib/socket_batch.hh); then each that is ready gets a turn (user/httpd/connection.hh).
#include <algorithm>
#include <cstddef>
#include <new>

#include "lib/args.hh"
#include "lib/lib.hh"
#include "user/httpd/access_log.hh"
#include "user/httpd/connection.hh"
#include "user/httpd/places.hh"
#include "user/httpd/text.hh"

namespace {

using http::Connection;
using http::FileCache;
using http::Moment;
using http::Places;

constexpr uint32_t accept_pause_ms = 100;       // after accept failed for want of resources
constexpr uint32_t tidy_ms = 1000;              // how often files are looked at that are open
// Not the same page numbers modulo 64, for what is copied between them and the requests' pages
// (docs/performance.md, "Addresses"): 34, 37, 40 for a batch's calls and 41 for its bytes, 43; the
// program itself has 0 to 32.
constexpr uintptr_t file_pages = 0x30022000;    // where small files are
constexpr uintptr_t regions = 0x40025000;       // where connections map pages
constexpr uintptr_t batch_pages = 0x20015000;
constexpr uintptr_t places = 0x1002B000;        // where connections are

static_assert(Places::max + FileCache::max_files <= max_fds - 8, "others need some, too");
static_assert(places + Places::memory_bytes <= batch_pages);
static_assert(file_pages + FileCache::max_files * FileCache::pages_a_file * page_size <= regions);
static_assert(regions + Places::max * Connection::region_bytes <= fd_data_pages);

class Server {
public:
    void start();
    void log_to(const char* path) { must(log_.open(path), "open the access log"); }
    bool set_port(const char* text);
    bool set_root(const char* path);
    [[noreturn]] void run();

private:
    void wait();
    void serve_clients();
    void accept_clients();
    bool take_in(int client, const Endpoint& peer);
    void pause_accepting();
    void tidy();
    Connection* most_overdue();

    http::AccessLog log_{};
    FileCache files_{file_pages};
    http::Shared shared_{files_, log_};
    Moment now_{};                              // of this turn
    uint16_t port_ = 80;
    int listener_ = -1;
    bool files_open_ = false;
    uint32_t tidy_at_ms_ = 0;                   // while files_open_
    bool accepting_ = true;
    uint32_t accept_again_ = 0;                 // while not accepting_: when to try again
    SocketBatch batch_{};
    Places places_{places, batch_, 1};
    int newcomer_ = -1;                         // the batch's call that accepts, if
    Connection* place_ = nullptr;               //   this place is free, or waits for a newcomer
};

bool Server::set_port(const char* text)
{
    uint64_t value = 0;
    const bool good = http::parse_length(text, value) && value > 0 && value <= UINT16_MAX;
    port_ = good ? static_cast<uint16_t>(value) : port_;
    return good;
}

// "/" alone is the whole disk.
bool Server::set_root(const char* path)
{
    shared_.root = path;
    while (shared_.root.ends_with('/')) {
        shared_.root.remove_suffix(1);
    }
    shared_.lists_root = true;
    return path[0] == '/' && shared_.root.size() <= http::max_root_bytes;
}

void Server::start()
{
    listener_ = must(socket(AF_INET6, SOCK_STREAM), "open a socket");      // and IPv4
    const Endpoint own = Endpoint::any(AF_INET6, port_);
    must(bind(listener_, own.address(), own.size()), "bind to the port");
    must(listen(listener_, SOMAXCONN), "listen");
    must(set_nonblocking(listener_, true), "make the socket non-blocking");
    must(batch_.open(batch_pages, 0, 0), "have memory for clients");
    must(places_.find_free() != nullptr ? 0 : to_abi(Error::no_memory), "have memory for clients");
    cprintf("Waiting for http connections...\n");
}

void Server::run()
{
    now_ = http::read_clock();
    for (;;) {
        wait();
        now_ = http::read_clock();
        serve_clients();
        accept_clients();
        tidy();
    }
}

// Waits until a client is ready, comes, or is overdue.
void Server::wait()
{
    if (!accepting_ && ms_until(accept_again_, now_) == 0) {
        accepting_ = true;
    }
    uint32_t timeout = accepting_ ? wait_forever : ms_until(accept_again_, now_);
    if (files_open_) {
        timeout = std::min(timeout, ms_until(tidy_at_ms_, now_));
    }
    batch_.clear();
    places_.for_each([&](Connection& connection) {
        timeout = std::min(timeout, connection.ask(batch_)
                                        ? ms_until(connection.deadline_ms(), now_) : 0);
    });
    place_ = places_.find_free();
    newcomer_ = !accepting_         ? -1
                : place_ != nullptr ? batch_.accept(listener_)
                                    : batch_.wait_for(listener_, POLLIN);
    must(batch_.submit(timeout == wait_forever ? -1 : static_cast<int>(timeout)),
         "wait for clients");
}

// Gives a turn to each connection that is ready, and ends those whose time is up.
void Server::serve_clients()
{
    places_.for_each([&](Connection& connection) {
        connection.turn(batch_, now_);
        if (ms_until(connection.deadline_ms(), now_) == 0) {
            connection.abort();
        }
    });
}

// Takes waiting connections in: the one that came with the batch, and those behind it, so that in a
// rush nobody waits for as many turns as there are clients before him.
void Server::accept_clients()
{
    if (newcomer_ < 0) {
        return;
    }
    bool more = take_in(batch_.result(newcomer_), batch_.address(newcomer_));
    for (int waiting = batch_.waiting(); more && waiting > 0; waiting--) {
        place_ = places_.find_free();
        if (place_ == nullptr) {
            return;
        }
        Endpoint peer;
        const int client = accept(listener_, peer.to_fill(), peer.size_to_fill());
        more = take_in(client, peer);
    }
}

// Takes in what accept has returned, or a wait for someone to accept: whether that is a client. When
// all places are taken the client that has kept its connection waiting longest makes room; where
// none has, clients wait in the listener's queue.
bool Server::take_in(int client, const Endpoint& peer)
{
    if (client < 0) {
        if (client == to_abi(Error::max_open) || client == to_abi(Error::no_memory)) {
            pause_accepting();
        }
        return false;
    }
    if (place_ == nullptr) {
        if (Connection* const slow = most_overdue()) {
            slow->abort();
        } else {
            pause_accepting();
        }
        return false;
    }
    set_nonblocking(client, true);
    const size_t number = places_.number_of(*place_);
    place_->open(client, peer, regions + number * Connection::region_bytes,
                 batch_.data() + number * http::Channel::bytes, now_, shared_);
    places_.take(*place_);
    return true;
}

void Server::pause_accepting()
{
    accepting_ = false;
    accept_again_ = now_.ms + accept_pause_ms;
}

Connection* Server::most_overdue()
{
    Connection* most = nullptr;
    uint32_t most_ms = 0;
    places_.for_each([&](Connection& connection) {
        if (const uint32_t overdue_ms = connection.overdue_ms(now_); overdue_ms > most_ms) {
            most = &connection;
            most_ms = overdue_ms;
        }
    });
    return most;
}

// Looks at the files that are open every second, as long as there are some.
void Server::tidy()
{
    if (!files_open_ || ms_until(tidy_at_ms_, now_) == 0) {
        files_open_ = files_.tidy(now_);
        tidy_at_ms_ = now_.ms + tidy_ms;
    }
}

// Built at run time, so that its buffers are no part of the program's file.
alignas(Server) std::byte storage[sizeof(Server)];

} // namespace

[[noreturn]] void explain_usage()
{
    cprintf("usage: httpd [-l] [-f FILE] [-p PORT] [-r DIRECTORY]\n"
            "  -l  print a line for each request; -f: append it to FILE\n"
            "  -p  serve PORT instead of 80\n"
            "  -r  serve what is below DIRECTORY instead of /www, and list it at /\n");
    exit(2);
}

void umain(int argc, char** argv)
{
    Server& server = *new (storage) Server;
    OptionParser options(argc, argv, "lf:p:r:");
    for (int option = options.next(); option != 0; option = options.next()) {
        bool good = true;
        switch (option) {
        case 'l': server.log_to(nullptr); break;
        case 'f': server.log_to(options.value()); break;
        case 'p': good = server.set_port(options.value()); break;
        case 'r': good = server.set_root(options.value()); break;
        default: good = false; break;
        }
        if (!good) {
            explain_usage();
        }
    }
    server.start();
    server.run();
}
