// The server of iperf3, the network's measuring tool: `iperf3 -s`, and the client of that name on
// another machine. It serves one test after the other; whoever comes meanwhile is told that the
// server is busy. It waits in poll and never on one of its clients.
#include <algorithm>
#include <array>
#include <cstddef>
#include <new>
#include <span>

#include "lib/args.hh"
#include "lib/lib.hh"
#include "user/iperf3/test.hh"

namespace {

using iperf::close_socket;
using iperf::Cookie;
using iperf::Test;

constexpr uint64_t cookie_patience_us = 10'000'000;
constexpr uint64_t accept_pause_us = 100'000;           // after accept failed for want of resources

// A connection that has not sent its whole cookie yet, so that nobody knows what it is for.
struct Caller {
    int socket = -1;
    Endpoint peer{};
    uint64_t since_us = 0;
    Cookie cookie{};
    size_t received = 0;

    bool is_complete() const { return received == cookie.size(); }
    // False: it has gone.
    bool receive()
    {
        const int count = recv(socket, cookie.data() + received, cookie.size() - received);
        received += count > 0 ? static_cast<size_t>(count) : 0;
        return count > 0 || would_wait(count);
    }
};

class Server {
public:
    void listen_on(uint16_t port);
    // Serves tests, forever or only one.
    void run(bool once);

private:
    void announce();
    void wait();
    void accept_callers();
    void serve_callers();
    void settle(Caller& caller);
    uint64_t us_until_turn() const;

    static constexpr size_t max_callers = 16;

    uint16_t port_ = iperf::default_port;
    int listener_ = -1;
    uint64_t now_us_ = 0;                       // of this turn
    uint64_t accept_after_us_ = 0;
    uint32_t tests_ = 0;
    Test test_{};

    // In the order in which they came: streams are numbered by it.
    std::array<Caller, max_callers> callers_{};
    size_t caller_count_ = 0;

    // The listener's, the callers', the test's.
    std::array<pollfd, 1 + max_callers + Test::max_entries> entries_{};
    size_t polled_callers_ = 0, polled_of_test_ = 0;
};

void Server::listen_on(uint16_t port)
{
    port_ = port;
    must(test_.open(), "have memory for datagrams");
    listener_ = must(socket(AF_INET6, SOCK_STREAM), "open a socket");      // and IPv4
    const Endpoint own = Endpoint::any(AF_INET6, port);
    must(bind(listener_, own.address(), own.size()), "bind to the port");
    must(listen(listener_, SOMAXCONN), "listen");
    must(set_nonblocking(listener_, true), "make the socket non-blocking");
}

void Server::announce()
{
    constexpr const char* line = "-----------------------------------------------------------";
    printf("%s\nServer listening on %u (test #%u)\n%s\n", line, port_, tests_ + 1, line);
}

void Server::run(bool once)
{
    announce();
    for (;;) {
        wait();
        accept_callers();
        const bool was_active = test_.is_active();
        if (was_active) {
            test_.turn(std::span(entries_).subspan(1 + polled_callers_, polled_of_test_), now_us_);
        }
        serve_callers();
        if (was_active && !test_.is_active()) {
            tests_++;
            if (once) {
                return;
            }
            announce();
        }
    }
}

// When something is to be done even if nobody is ready.
uint64_t Server::us_until_turn() const
{
    const auto until = [&](uint64_t then_us) { return then_us > now_us_ ? then_us - now_us_ : 0; };
    uint64_t least = test_.is_active() ? test_.us_until_turn() : UINT64_MAX;
    for (size_t i = 0; i < caller_count_; i++) {
        least = std::min(least, until(callers_[i].since_us + cookie_patience_us));
    }
    return accept_after_us_ > now_us_ ? std::min(least, until(accept_after_us_)) : least;
}

void Server::wait()
{
    now_us_ = sys_time_usec();
    const bool accepting = caller_count_ < max_callers && now_us_ >= accept_after_us_;
    entries_[0] = {accepting ? listener_ : -1, POLLIN, 0};
    polled_callers_ = caller_count_;
    for (size_t i = 0; i < caller_count_; i++) {
        entries_[1 + i] = {callers_[i].socket, POLLIN, 0};
    }
    polled_of_test_ = test_.is_active()
        ? test_.poll_entries(std::span(entries_).subspan(1 + caller_count_), now_us_) : 0;
    const uint64_t timeout_us = us_until_turn();
    const auto timeout_ms = static_cast<int>(std::min<uint64_t>(timeout_us / 1000, 1'000'000)
                                             + (timeout_us % 1000 != 0 ? 1 : 0));
    must(poll(entries_.data(), static_cast<uint32_t>(1 + polled_callers_ + polled_of_test_),
              timeout_us == UINT64_MAX ? -1 : timeout_ms), "wait for clients");
    now_us_ = sys_time_usec();
}

void Server::accept_callers()
{
    while (entries_[0].revents != 0 && caller_count_ < max_callers) {
        Caller& caller = callers_[caller_count_] = {};
        caller.socket = accept(listener_, caller.peer.to_fill(), caller.peer.size_to_fill());
        if (caller.socket == to_abi(Error::max_open) || caller.socket == to_abi(Error::no_memory)) {
            accept_after_us_ = now_us_ + accept_pause_us;
        }
        if (caller.socket < 0) {
            return;                             // nobody is waiting, or that client has gone
        }
        if (set_nonblocking(caller.socket, true) < 0) {
            close_socket(caller.socket);
            continue;
        }
        caller.since_us = now_us_;
        caller_count_++;
    }
}

// Reads cookies, and settles what those are whose cookie is there. Who came after the poll may
// well have sent its cookie, too.
void Server::serve_callers()
{
    size_t kept = 0;
    for (size_t i = 0; i < caller_count_; i++) {
        Caller& caller = callers_[i];
        const bool is_ready = i >= polled_callers_ || entries_[1 + i].revents != 0;
        if (is_ready && !caller.receive()) {
            close_socket(caller.socket);
        } else if (caller.is_complete()) {
            settle(caller);
        } else if (now_us_ - caller.since_us >= cookie_patience_us) {
            printf("iperf3: %s: no cookie for %u s\n", caller.peer.text(),
                   static_cast<unsigned>(cookie_patience_us / 1'000'000));
            close_socket(caller.socket);
        } else {
            callers_[kept++] = caller;
        }
    }
    caller_count_ = kept;
}

// Has the caller's socket taken over by the test that it is for, or closes it.
void Server::settle(Caller& caller)
{
    if (!test_.is_active()) {
        test_.begin(caller.socket, caller.peer, caller.cookie, port_, now_us_);
    } else if (test_.expects_stream(caller.cookie)) {
        test_.add_stream(caller.socket, caller.peer);
    } else {
        const auto denied = static_cast<char>(iperf::State::access_denied);
        send(caller.socket, &denied, 1);
        close_socket(caller.socket);
    }
}

// Built at run time, so that its buffers are no part of the program's file.
alignas(Server) std::byte storage[sizeof(Server)];

[[noreturn]] void explain_usage()
{
    fprintf(2, "usage: iperf3 -s [-1] [-p PORT]\n"
               "  -s  be the server; the client runs elsewhere: iperf3 -c HOST\n"
               "  -1  end after one test\n"
               "  -p  listen on PORT instead of 5201\n");
    exit(2);
}

} // namespace

void umain(int argc, char** argv)
{
    bool serve = false, once = false;
    unsigned long port = iperf::default_port;
    OptionParser options(argc, argv, "s1p:");
    while (const int option = options.next()) {
        bool good = true;
        switch (option) {
        case 's': serve = true; break;
        case '1': once = true; break;
        case 'p': good = parse_count(options.value(), UINT16_MAX, port) && port > 0; break;
        default: good = false; break;
        }
        if (!good) {
            explain_usage();
        }
    }
    if (!serve || options.first_operand() != argc) {
        explain_usage();
    }
    Server& server = *new (storage) Server;
    server.listen_on(static_cast<uint16_t>(port));
    server.run(once);
}
