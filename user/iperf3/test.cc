#include "user/iperf3/test.hh"

#include <algorithm>
#include <cstdarg>

#include "lib/environments.hh"
#include "lib/fd.hh"
#include "lib/fprintf.hh"
#include "lib/socket.hh"
#include "lib/syscall.hh"

namespace iperf {
namespace {

constexpr uint64_t second_us = 1'000'000;
constexpr uint64_t patience_us = 30 * second_us;            // for the client's next step
constexpr uint64_t idle_limit_us = 120 * second_us;         // without any data
constexpr int receives_at_end = 64, batches_at_end = 256;

uint64_t own_cpu_us() { return cpu_us_of(copy_environment(*thisenv)); }

// A client that is gone without a word is noticed within a minute.
void watch_peer(int socket)
{
    const int on = 1, idle_s = 30, interval_s = 10, count = 3;
    setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
    setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof interval_s);
    setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
}

} // namespace

void close_socket(int& socket)
{
    if (socket >= 0) {
        close(socket);
    }
    socket = -1;
}

void Test::begin(int socket, const Endpoint& client, const Cookie& cookie, uint16_t port,
                 uint64_t now_us)
{
    control_socket_ = socket;
    client_ = client;
    cookie_ = cookie;
    port_ = port;
    stream_count_ = last_stream_ = 0;
    now_us_ = stage_since_us_ = now_us;
    output_ = TextBuffer(output_storage_);
    const int on = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    watch_peer(socket);
    say("Accepted connection from %s, port %u\n", client.text(), client.port());
    control_.begin();
    stage_ = control_.stage();
    send_control();
}

// Prints, and keeps it for a client that wants to see it.
void Test::say(const char* format, ...)
{
    std::array<char, 256> line;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line.data(), line.size(), format, arguments);
    va_end(arguments);
    output_.put(line.data());
    printf("%s", line.data());
}

bool Test::expects_stream(const Cookie& cookie) const
{
    return is_active() && control_.stage() == Stage::streams && !is_datagrams()
        && stream_count_ < control_.parameters().all_streams() && cookie == cookie_;
}

void Test::add_stream(int socket, const Endpoint& peer)
{
    const Parameters& wanted = control_.parameters();
    if (wanted.no_delay) {
        const int on = 1;
        setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    if (wanted.window_bytes > 0) {
        setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &wanted.window_bytes, sizeof(int));
        setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &wanted.window_bytes, sizeof(int));
    }
    new_stream(peer).socket = socket;
    start_if_complete();
    send_control();
}

// In both directions at once the client's own streams come first.
Stream& Test::new_stream(const Endpoint& peer)
{
    const Parameters& wanted = control_.parameters();
    const uint32_t index = stream_count_++;
    Stream& stream = streams_[index] = {};
    stream.id = stream_id(index);
    stream.to_client = !wanted.from_client || index >= wanted.streams;
    say("[%3u] local port %u connected to %s port %u\n", stream.id, port_, peer.text(),
        peer.port());
    return stream;
}

void Test::start_if_complete()
{
    const Parameters& wanted = control_.parameters();
    if (stream_count_ < wanted.all_streams()) {
        return;
    }
    start_us_ = moved_us_ = now_us_ = sys_time_usec();
    omitting_ = wanted.omit_s > 0;
    cpu_us_ = own_cpu_us();
    for (Stream& stream : streams()) {
        stream.pacer.start(wanted.bits_per_second, wanted.block_bytes, wanted.burst_blocks,
                           start_us_);
    }
    control_.start();
}

size_t Test::poll_entries(std::span<pollfd> entries, uint64_t now_us)
{
    now_us_ = now_us;
    const int16_t control = control_.to_send().empty() ? POLLIN : POLLIN | POLLOUT;
    entries[0] = {control_socket_, control, 0};
    entries[1] = {datagrams_, POLLIN, 0};
    if (!is_running() || is_datagrams()) {
        return 2;
    }
    for (uint32_t i = 0; i < stream_count_; i++) {
        const Stream& stream = streams_[i];
        const bool due = stream.pacer.us_until_due(now_us_) == 0;
        const int16_t events = !stream.to_client ? POLLIN : due ? POLLOUT : int16_t{0};
        entries[2 + i] = {stream.socket, events, 0};
    }
    return 2 + stream_count_;
}

// A stream that may send and is not ready is polled for; one of datagrams always is.
uint64_t Test::us_until_turn() const
{
    const auto until = [&](uint64_t then_us) { return then_us > now_us_ ? then_us - now_us_ : 0; };
    uint64_t least = until(deadline_us());
    if (!is_running()) {
        return control_.stage() == Stage::ended ? 0 : least;
    }
    if (omitting_) {
        least = std::min(least, until(start_us_ + control_.parameters().omit_s * second_us));
    }
    for (uint32_t i = 0; i < stream_count_; i++) {
        const Stream& stream = streams_[i];
        const uint64_t due = stream.pacer.us_until_due(now_us_);
        if (stream.to_client && (due > 0 || is_datagrams())) {
            least = std::min(least, due);
        }
    }
    return least;
}

void Test::turn(std::span<const pollfd> entries, uint64_t now_us)
{
    now_us_ = now_us;
    if (is_running()) {
        move_data(entries);
    } else if (entries[1].revents != 0) {
        receive_datagrams(1);
    }
    if ((entries[0].revents & ~POLLOUT) != 0) {
        receive_control();
    }
    keep_deadline();
    follow_control();
    send_control();
    if (control_.stage() == Stage::ended) {
        finish();
    }
}

// The client sends little: a state, or a text that is not long.
void Test::receive_control()
{
    constexpr int most = 8;
    for (int i = 0; i < most && control_.stage() != Stage::ended; i++) {
        const std::span<char> room = control_.room();
        const int count = recv(control_socket_, room.data(), room.size());
        if (would_wait(count)) {
            return;
        }
        if (count <= 0) {
            return control_.closed();
        }
        control_.received(static_cast<size_t>(count));
        follow_control();
    }
}

void Test::send_control()
{
    while (!control_.to_send().empty()) {
        const std::string_view text = control_.to_send();
        const int count = send(control_socket_, text.data(), text.size());
        if (would_wait(count)) {
            return;
        }
        if (count <= 0) {
            return control_.closed();
        }
        control_.sent(static_cast<size_t>(count));
    }
}

// Does what the stage that the control connection has come to asks of us.
void Test::follow_control()
{
    while (stage_ != control_.stage()) {
        stage_ = control_.stage();
        stage_since_us_ = now_us_;
        switch (stage_) {
        case Stage::streams: open_datagrams(); break;
        case Stage::results: end_data(); break;
        case Stage::report: report(); break;
        default: break;
        }
    }
    if (omitting_ && now_us_ >= start_us_ + control_.parameters().omit_s * second_us) {
        omitting_ = false;
        start_us_ = now_us_;
        for (Stream& stream : streams()) {
            stream.bytes = 0;
        }
    }
}

uint64_t Test::deadline_us() const
{
    const Parameters& wanted = control_.parameters();
    if (!is_running()) {
        return stage_since_us_ + patience_us;
    }
    const uint64_t idle = moved_us_ + idle_limit_us;
    const uint64_t whole_s = uint64_t{wanted.duration_s} + wanted.omit_s;
    return wanted.duration_s == 0
        ? idle : std::min(idle, stage_since_us_ + whole_s * second_us + patience_us);
}

void Test::keep_deadline()
{
    if (now_us_ < deadline_us()) {
        return;
    }
    control_.fail({Complaint::idle, is_running()
                                        ? "no data, or no end, long after there should be"
                                        : "the client has not gone on for 30 s"});
}

// UDP: from now on the client's datagrams may come.
void Test::open_datagrams()
{
    if (!is_datagrams()) {
        return;
    }
    datagrams_ = socket(AF_INET6, SOCK_DGRAM);
    const Endpoint own = Endpoint::any(AF_INET6, port_);
    if (datagrams_ < 0 || bind(datagrams_, own.address(), own.size()) < 0
        || set_nonblocking(datagrams_, true) < 0) {
        control_.fail({Complaint::server_ended, "cannot have the UDP port"});
    }
}

// Takes what has arrived before the client said that this is the end; then the streams are over.
void Test::end_data()
{
    elapsed_us_ = now_us_ - start_us_;
    cpu_us_ = own_cpu_us() - cpu_us_;
    for (Stream& stream : streams()) {
        if (!is_datagrams() && !stream.to_client) {
            receive_stream(stream, receives_at_end);
        }
        close_socket(stream.socket);
    }
    if (is_datagrams()) {
        receive_datagrams(batches_at_end);
        close_socket(datagrams_);
    }
}

void Test::report()
{
    for (uint32_t i = 0; i < stream_count_; i++) {
        const Stream& stream = streams_[i];
        const DatagramCounter& arrived = stream.arrived;
        results_[i] = {stream.id, stream.to_client, elapsed_us_, stream.bytes,
                       stream.to_client ? stream.datagrams_sent : arrived.sent(), arrived.lost(),
                       arrived.out_of_order(), arrived.jitter_us()};
    }
    const TestResult ours{is_datagrams(), control_.parameters().to_client, cpu_us_, elapsed_us_,
                          std::span(results_).first(stream_count_)};
    const size_t printed = output_.size();
    write_report(output_, ours, control_.results());
    const std::string_view text = output_.text();
    writen(1, text.data() + printed, text.size() - printed);
    control_.report([&](TextBuffer& to) {
        write_results(to, ours, control_.parameters().wants_output ? text : "");
    });
}

void Test::finish()
{
    for (Stream& stream : streams()) {
        close_socket(stream.socket);
    }
    stream_count_ = 0;
    close_socket(datagrams_);
    close_socket(control_socket_);
    if (control_.failure() != nullptr) {
        printf("iperf3: %s: %s\n", client_.text(), control_.failure());
    }
}

} // namespace iperf
