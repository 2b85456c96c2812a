// The data of a test: what is received is counted and forgotten, what is sent is always the same.
#include <algorithm>

#include "lib/socket.hh"
#include "lib/socket_address.hh"
#include "lib/syscall.hh"
#include "user/iperf3/test.hh"

namespace iperf {
namespace {

constexpr int receives_a_turn = 8, sends_a_turn = 8;        // of a TCP stream
constexpr int batches_a_turn = 4;                           // of datagrams
constexpr uint64_t pause_us = 1000;                         // when a datagram cannot be sent

bool is_same(const NetAddress& a, const NetAddress& b)
{
    return a.port == b.port && a.is_ipv6 == b.is_ipv6
        && (a.is_ipv6 != 0 ? a.ip6 == b.ip6 : a.ip == b.ip);
}

// A request's worth of bytes, in pages of their own: sent from where it is.
constexpr size_t run_bytes = room_in_place + max_in_place;
alignas(page_size) char outgoing[run_bytes];
static_assert(run_bytes % page_size == 0);

char incoming[max_in_place];

// Where the batches of datagrams are, and how large they are.
constexpr uintptr_t batch_pages = 0x20000000;
constexpr size_t small_batch_bytes = 16 * 1024, small_datagram_bytes = 4096;
constexpr size_t batch_bytes = 17 * page_size;
static_assert(batch_bytes >= sizeof(DatagramRecord) + max_datagram_bytes + 7);

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
        receive_datagrams(batches_a_turn);
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

int Test::open() { return batch_.open(batch_pages, 1, batch_bytes); }

// Of a batch's memory: some datagrams as long as the client has said they are, one at least. The
// less there is, the fewer pages travel.
static size_t bytes_of_batch(const Parameters& wanted)
{
    return wanted.block_bytes <= small_datagram_bytes ? small_batch_bytes : batch_bytes;
}

void Test::receive_datagrams(int batches)
{
    for (int i = 0; i < batches && datagrams_ >= 0; i++) {
        batch_.clear();
        const int call = batch_.receive_many(datagrams_, batch_.data(),
                                             bytes_of_batch(control_.parameters()),
                                             SocketBatch::Await::no);
        const int submitted = batch_.submit(0);
        const int count = submitted < 0 ? submitted : batch_.result(call);
        if (count == to_abi(Error::message_size)) {
            char start = 0;             // longer than any of ours: it goes
            recv(datagrams_, &start, sizeof start);
        } else if (count <= 0) {
            return;
        }
        take_datagrams(count);
    }
}

void Test::take_datagrams(int count)
{
    const uint64_t now_us = sys_time_usec();
    const std::byte* at = batch_.data();
    for (int i = 0; i < count; i++) {
        const auto& record = *reinterpret_cast<const DatagramRecord*>(at);
        const auto* const bytes = reinterpret_cast<const char*>(&record + 1);
        take_datagram(record.address, {bytes, record.size}, now_us);
        at += record.whole();
    }
}

// Anybody may send us datagrams: those of others, and such as are too short, do not count.
void Test::take_datagram(const NetAddress& from, std::span<const char> datagram, uint64_t now_us)
{
    Stream* const stream = stream_of(from);
    if (datagram.size() == greeting_bytes) {
        greet(from, stream == nullptr);
        return;
    }
    const bool wide = control_.parameters().wide_counters;
    if (stream == nullptr || stream->to_client || datagram.size() < DatagramHead::bytes(wide)) {
        return;
    }
    stream->bytes += datagram.size();
    moved_us_ = now_us_;
    stream->arrived.count(DatagramHead::read(datagram, wide), now_us);
}

// A stream of datagrams begins with a short one. The answer may be lost, and it be sent again.
void Test::greet(const NetAddress& from, bool is_new)
{
    Endpoint peer;
    write_socket_address(from, AF_INET6, peer.to_fill(), peer.size_to_fill());
    if (is_new && (control_.stage() != Stage::streams || !peer.is_same_host(client_))) {
        return;
    }
    sendto(datagrams_, greeting_answer.data(), greeting_answer.size(), 0, peer.address(),
           peer.size());
    if (is_new) {
        new_stream(peer).address = from;
        start_if_complete();
    }
}

// The stream of datagrams from there; null if there is none.
Stream* Test::stream_of(const NetAddress& from)
{
    if (last_stream_ < stream_count_ && is_same(streams_[last_stream_].address, from)) {
        return &streams_[last_stream_];
    }
    for (uint32_t i = 0; i < stream_count_; i++) {
        if (is_same(streams_[i].address, from)) {
            last_stream_ = i;
            return &streams_[i];
        }
    }
    return nullptr;
}

// Puts what is due into the batch's memory, one datagram behind the other; returns the end of it.
std::byte* Test::put_datagrams(Stream& stream, uint32_t& count)
{
    const Parameters& wanted = control_.parameters();
    std::byte* at = batch_.data();
    const std::byte* const end = at + bytes_of_batch(wanted);
    const uint64_t now_us = sys_time_usec();
    count = 0;
    while (stream.pacer.us_until_due(now_us_) == 0) {
        auto& record = *reinterpret_cast<DatagramRecord*>(at);
        const DatagramRecord next{stream.address, wanted.block_bytes};
        if (next.whole() > static_cast<size_t>(end - at)) {
            break;
        }
        record = next;
        const DatagramHead head{now_us, ++stream.datagrams_sent};
        head.write({reinterpret_cast<char*>(&record + 1), wanted.block_bytes},
                   wanted.wide_counters);
        stream.bytes += wanted.block_bytes;
        stream.pacer.sent(wanted.block_bytes);
        at += record.whole();
        count++;
    }
    return at;
}

// What cannot be sent is lost, as datagrams may be; the next ones wait a little then.
void Test::send_datagrams(Stream& stream)
{
    for (int i = 0; i < batches_a_turn && stream.pacer.us_until_due(now_us_) == 0; i++) {
        uint32_t count = 0;
        const std::byte* const end = put_datagrams(stream, count);
        batch_.clear();
        const int call = batch_.send_many(datagrams_, batch_.data(),
                                          static_cast<size_t>(end - batch_.data()));
        if (batch_.submit(0) < 0 || batch_.result(call) < static_cast<int>(count)) {
            stream.pacer.pause_until(now_us_ + pause_us);
            return;
        }
        moved_us_ = now_us_;
    }
}

} // namespace iperf
