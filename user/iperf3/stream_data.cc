// The data of a test: what is received is counted and forgotten, what is sent is always the same.
#include <algorithm>

#include "lib/socket.hh"
#include "lib/syscall.hh"
#include "user/iperf3/test.hh"

namespace iperf {
namespace {

constexpr int receives_a_turn = 8, sends_a_turn = 8;        // of a TCP stream
constexpr int datagrams_a_turn = 64;
constexpr uint64_t pause_us = 1000;                         // when a datagram cannot be sent

bool would_wait(int result) { return result == to_abi(Error::try_again); }

// A request's worth of bytes, in pages of their own: sent from where it is.
constexpr size_t run_bytes = room_in_place + max_in_place;
alignas(page_size) char outgoing[run_bytes];
static_assert(run_bytes % page_size == 0 && max_in_place >= max_datagram_bytes);

char incoming[max_in_place];

} // namespace

// What is sent are bytes that do not compress.
Test::Test()
{
    uint32_t state = 2463534242;
    for (char& byte : outgoing) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        byte = static_cast<char>(state);
    }
}

void Test::move_data(std::span<const pollfd> entries)
{
    if (entries[1].revents != 0) {
        receive_datagrams(datagrams_a_turn);
    }
    for (uint32_t i = 0; i < stream_count_; i++) {
        Stream& stream = streams_[i];
        if (is_datagrams()) {
            if (stream.to_client) {
                send_datagrams(stream);
            }
        } else if (2 + i >= entries.size() || entries[2 + i].revents == 0) {
            continue;
        } else if (stream.to_client && (entries[2 + i].revents & (POLLERR | POLLHUP)) != 0) {
            close_socket(stream.socket);        // poll would tell it again and again
        } else if (stream.to_client) {
            send_stream(stream);
        } else {
            receive_stream(stream, receives_a_turn);
        }
    }
}

// A stream that breaks is closed: what the client says at the end shows what became of it.
void Test::receive_stream(Stream& stream, int most)
{
    for (int i = 0; i < most && stream.socket >= 0; i++) {
        const int count = recv(stream.socket, incoming, sizeof incoming);
        if (would_wait(count)) {
            return;
        }
        if (count <= 0) {
            return close_socket(stream.socket);
        }
        stream.bytes += static_cast<uint64_t>(count);
        moved_us_ = now_us_;
        if (static_cast<size_t>(count) < sizeof incoming) {
            return;                     // there is no more for now
        }
    }
}

void Test::send_stream(Stream& stream)
{
    const size_t block = std::min<size_t>(control_.parameters().block_bytes, max_in_place);
    for (int i = 0; i < sends_a_turn && stream.pacer.us_until_due(now_us_) == 0; i++) {
        const int count = send_in_place(stream.socket, outgoing, block);
        if (would_wait(count)) {
            return;
        }
        if (count < 0) {
            return close_socket(stream.socket);
        }
        stream.bytes += static_cast<uint64_t>(count);
        stream.pacer.sent(static_cast<uint32_t>(count));
        moved_us_ = now_us_;
        if (static_cast<size_t>(count) < block) {
            return;
        }
    }
}

// They are as long as the client has said: the less is asked for, the fewer pages a call maps.
void Test::receive_datagrams(int most)
{
    const size_t limit = std::min<size_t>(control_.parameters().block_bytes, sizeof incoming);
    for (int i = 0; i < most && datagrams_ >= 0; i++) {
        Endpoint peer;
        const int count = recvfrom(datagrams_, incoming, limit, 0, peer.to_fill(),
                                   peer.size_to_fill());
        if (count < 0) {
            return;
        }
        take_datagram(peer, std::span(incoming).first(static_cast<size_t>(count)));
    }
}

// Anybody may send us datagrams: those of others, and such as are too short, do not count.
void Test::take_datagram(const Endpoint& peer, std::span<const char> datagram)
{
    Stream* const stream = stream_of(peer);
    if (datagram.size() == greeting_bytes) {
        greet(peer);
        return;
    }
    const bool wide = control_.parameters().wide_counters;
    if (stream == nullptr || stream->to_client || datagram.size() < DatagramHead::bytes(wide)) {
        return;
    }
    stream->bytes += datagram.size();
    moved_us_ = now_us_;
    stream->arrived.count(DatagramHead::read(datagram, wide), sys_time_usec());
}

// A stream of datagrams begins with a short one. The answer may be lost, and it be sent again.
void Test::greet(const Endpoint& peer)
{
    const bool is_new = stream_of(peer) == nullptr;
    if (is_new && (control_.stage() != Stage::streams || !peer.is_same_host(client_))) {
        return;
    }
    sendto(datagrams_, greeting_answer.data(), greeting_answer.size(), 0, peer.address(),
           peer.size());
    if (is_new) {
        new_stream(peer);
        start_if_complete();
    }
}

// The stream of datagrams from there; null if there is none.
Stream* Test::stream_of(const Endpoint& peer)
{
    if (last_stream_ < stream_count_ && streams_[last_stream_].peer == peer) {
        return &streams_[last_stream_];
    }
    for (uint32_t i = 0; i < stream_count_; i++) {
        if (streams_[i].peer == peer) {
            last_stream_ = i;
            return &streams_[i];
        }
    }
    return nullptr;
}

void Test::send_datagrams(Stream& stream)
{
    const Parameters& wanted = control_.parameters();
    const std::span<char> datagram(outgoing + room_in_place, wanted.block_bytes);
    for (int i = 0; i < datagrams_a_turn && stream.pacer.us_until_due(now_us_) == 0; i++) {
        const DatagramHead head{sys_time_usec(), stream.datagrams_sent + 1};
        head.write(datagram, wanted.wide_counters);
        const int count = sendto(datagrams_, datagram.data(), datagram.size(), 0,
                                 stream.peer.address(), stream.peer.size());
        if (count < 0) {
            stream.pacer.pause_until(now_us_ + pause_us);
            return;
        }
        stream.datagrams_sent++;
        stream.bytes += datagram.size();
        stream.pacer.sent(wanted.block_bytes);
        moved_us_ = now_us_;
    }
}

} // namespace iperf
