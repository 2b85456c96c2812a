// The network server's core: sockets over lwIP, clients that misbehave, frames that are damaged.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "inc/error.hh"
#include "inc/syscall.hh"
#include "lwip/stats.h"
#include "net/socket_table.hh"
#include "tests/host/fake_platform.hh"
#include "tests/host/fake_tcp.hh"
#include "tests/host/frame_bytes.hh"

namespace {

using fake_net::Held;
using fake_net::request;
using fake_net::take_answer;

constexpr int32_t not_done = to_abi(Error::try_again);

// The same numbers each time, in 32 bits.
class Random {
public:
    explicit Random(uint32_t seed) : engine_(seed) {}
    uint32_t operator()() { return static_cast<uint32_t>(engine_()); }

private:
    std::mt19937 engine_;
};

constexpr int32_t alice = 0x1001, bob = 0x1002, carol = 0x1003;
constexpr uint32_t loop_back = 0x7F000001;
constexpr int32_t refused = to_abi(Error::connection_refused);

SocketRequest about(Held socket)
{
    SocketRequest header;
    header.socket = socket.socket;
    header.ticket = socket.ticket;
    return header;
}

SocketRequest with_address(Held socket, uint32_t ip, uint16_t port)
{
    SocketRequest header = about(socket);
    header.address = {ip, port, 0};
    header.flags = request_has_address;
    return header;
}

SocketRequest with_size(Held socket, uint32_t size)
{
    SocketRequest header = about(socket);
    header.size = size;
    return header;
}

class CoreTest : public testing::Test {
protected:
    void SetUp() override
    {
        fake_net::start();
        fake_net::pass_time(1000);
        fake_net::take_frames();
    }
    void TearDown() override
    {
        for (Held socket : held_) {
            fake_net::release(socket);
        }
        fake_net::pass_time(200000);            // TIME_WAIT and what retransmits ends
    }

    Held keep(Held socket)
    {
        held_.push_back(socket);
        return socket;
    }
    Held open(int32_t client, uint32_t type, uint32_t family = family_ipv4)
    {
        SocketRequest header;
        header.argument[0] = type;
        header.argument[1] = family;
        EXPECT_EQ(request(client, NSREQ_SOCKET, header), 0);
        return keep(fake_net::last_descriptor());
    }
    Held listen(int32_t client, uint16_t port, uint32_t backlog = 16)
    {
        const Held socket = open(client, socket_stream);
        EXPECT_EQ(request(client, NSREQ_BIND, with_address(socket, 0, port)), 0);
        SocketRequest header = about(socket);
        header.argument[0] = backlog;
        EXPECT_EQ(request(client, NSREQ_LISTEN, header), 0);
        return socket;
    }
    struct Pair {
        Held client, server;
    };
    Pair connect(Held listening, uint16_t port)
    {
        Pair pair;
        EXPECT_EQ(request(alice, NSREQ_ACCEPT, about(listening)), std::nullopt);
        pair.client = open(bob, socket_stream);
        const auto result = request(bob, NSREQ_CONNECT, with_address(pair.client, loop_back, port));
        EXPECT_EQ(result.has_value() ? result : take_answer(bob), 0);
        EXPECT_EQ(take_answer(alice), 0);
        pair.server = keep(fake_net::last_descriptor());
        return pair;
    }

private:
    std::vector<Held> held_;
};

TEST_F(CoreTest, StreamCarriesBytesBothWays)
{
    const Pair pair = connect(listen(alice, 80), 80);
    EXPECT_EQ(request(alice, NSREQ_RECV, with_size(pair.server, 100)), std::nullopt);
    EXPECT_EQ(request(bob, NSREQ_SEND, with_size(pair.client, 5), "hello"), 5);
    EXPECT_EQ(take_answer(alice), 5);
    EXPECT_EQ(fake_net::answered_bytes(alice, 5), "hello");
    EXPECT_EQ(request(alice, NSREQ_SEND, with_size(pair.server, 6), "answer"), 6);
    SocketRequest peek = with_size(pair.client, 3);
    peek.flags = request_peek;
    EXPECT_EQ(request(bob, NSREQ_RECV, peek), 3);
    EXPECT_EQ(request(bob, NSREQ_RECV, with_size(pair.client, 100)), 6);
    EXPECT_EQ(fake_net::answered_bytes(bob, 6), "answer");
}

TEST_F(CoreTest, SendWaitsForTheReaderAndGoesOn)
{
    const Pair pair = connect(listen(alice, 80), 80);
    const std::string data(60000, 'x');
    uint32_t sent = 0;
    while (request(bob, NSREQ_SEND, with_size(pair.client, 60000), data, 17) == 60000) {
        sent += 60000;
        ASSERT_LT(sent, 10U << 20);
    }
    sent += 60000;                              // the parked one
    uint32_t received = 0;
    while (received < sent) {
        const auto count = request(alice, NSREQ_RECV, with_size(pair.server, 65536), {}, 17);
        ASSERT_TRUE(count.has_value() && *count > 0);
        received += static_cast<uint32_t>(*count);
        fake_net::pass_time(250);
    }
    EXPECT_EQ(take_answer(bob), 60000);
    EXPECT_EQ(received, sent);
}

TEST_F(CoreTest, RefusedAndClosedConnectionsAreErrors)
{
    const Held socket = open(bob, socket_stream);
    EXPECT_EQ(request(bob, NSREQ_SEND, with_size(socket, 1), "x"), to_abi(Error::not_connected));
    const auto result = request(bob, NSREQ_CONNECT, with_address(socket, loop_back, 9));
    EXPECT_EQ(result.has_value() ? result : take_answer(bob), refused);

    const Pair pair = connect(listen(alice, 80), 80);
    SocketRequest how = about(pair.client);
    how.argument[0] = 1;
    EXPECT_EQ(request(bob, NSREQ_SHUTDOWN, how), 0);
    EXPECT_EQ(request(bob, NSREQ_SEND, with_size(pair.client, 1), "x"),
              to_abi(Error::broken_pipe));
    EXPECT_EQ(request(alice, NSREQ_RECV, with_size(pair.server, 1)), 0);
    EXPECT_EQ(request(alice, NSREQ_SEND, with_size(pair.server, 1), "y"), 1);
    EXPECT_EQ(request(bob, NSREQ_RECV, with_size(pair.client, 1)), 1);
}

TEST_F(CoreTest, ConnectToNobodyFindsNoRoute)
{
    const Held socket = open(bob, socket_stream);
    EXPECT_EQ(request(bob, NSREQ_CONNECT, with_address(socket, 0x0A000263, 9)), std::nullopt);
    fake_net::pass_time(30000);
    EXPECT_EQ(take_answer(bob), to_abi(Error::host_unreachable));
}

TEST_F(CoreTest, DatagramsKeepTheirBounds)
{
    const Held server = open(alice, socket_datagram), client = open(bob, socket_datagram);
    EXPECT_EQ(request(alice, NSREQ_BIND, with_address(server, 0, 53)), 0);
    for (uint32_t size : {0U, 1U, 1472U, 1473U, 9000U, 65507U}) {
        SocketRequest header = with_address(client, loop_back, 53);
        header.size = size;
        const std::string data(size, static_cast<char>(size));
        EXPECT_EQ(request(bob, NSREQ_SEND, header, data, 17), static_cast<int32_t>(size));
        EXPECT_EQ(request(alice, NSREQ_RECV, with_size(server, 69000), {}, 17),
                  static_cast<int32_t>(size));
        EXPECT_EQ(fake_net::answered_bytes(alice, size), data);
    }
    SocketRequest header = with_address(client, loop_back, 53);
    header.size = 65508;
    EXPECT_EQ(request(bob, NSREQ_SEND, header, {}, 17), to_abi(Error::message_size));
}

TEST_F(CoreTest, PollWakesForOneOfMany)
{
    std::string entries;
    std::vector<Held> sockets;
    for (uint16_t i = 0; i < 50; i++) {
        sockets.push_back(open(alice, socket_datagram));
        EXPECT_EQ(request(alice, NSREQ_BIND,
                          with_address(sockets.back(), 0, static_cast<uint16_t>(100 + i))), 0);
        const PollEntry entry{sockets.back().socket, 1, 0, sockets.back().ticket};
        entries.append(reinterpret_cast<const char*>(&entry), sizeof(entry));
    }
    SocketRequest poll;
    poll.argument[0] = 50;
    poll.argument[1] = 5000;
    EXPECT_EQ(request(alice, NSREQ_POLL, poll, entries), std::nullopt);
    fake_net::pass_time(4000);
    EXPECT_EQ(take_answer(alice), std::nullopt);
    fake_net::pass_time(1000);
    EXPECT_EQ(take_answer(alice), 0);

    EXPECT_EQ(request(alice, NSREQ_POLL, poll, entries), std::nullopt);
    SocketRequest send = with_address(open(bob, socket_datagram), loop_back, 117);
    send.size = 1;
    EXPECT_EQ(request(bob, NSREQ_SEND, send, "x"), 1);
    EXPECT_EQ(take_answer(alice), 1);
    const std::string answer = fake_net::answered_bytes(alice, entries.size());
    PollEntry ready;
    memcpy(&ready, answer.data() + 17 * sizeof(ready), sizeof(ready));
    EXPECT_EQ(ready.returned, 1);
}

TEST_F(CoreTest, StatusCountsSocketsByState)
{
    const auto status = [] {
        EXPECT_EQ(request(carol, NSREQ_STATUS, {}), 0);
        NetworkStatus result;
        const std::string bytes = fake_net::answered_bytes(carol, sizeof result);
        std::memcpy(&result, bytes.data(), sizeof result);
        return result;
    };
    EXPECT_EQ(status().sockets, 0u);
    connect(listen(alice, 80), 80);
    open(alice, socket_datagram);
    const NetworkStatus now = status();
    EXPECT_EQ(now.sockets, 4u);
    EXPECT_EQ(now.listening, 1u);
    EXPECT_EQ(now.connected, 2u);
    EXPECT_EQ(now.datagram, 1u);
    EXPECT_EQ(now.to_accept, 0u);
    EXPECT_EQ(now.has_card, 1u);
    EXPECT_EQ(now.card.rx_packets, 77u);        // the fake card's
    EXPECT_EQ(now.rings.receive.slots, 4u);
    EXPECT_EQ(request(carol, NSREQ_STATUS, {}, {}, 1, false), to_abi(Error::fault));
    EXPECT_EQ(request(carol, NSREQ_STATUS, {}, {}, 0), to_abi(Error::invalid_argument));
}

TEST_F(CoreTest, SocketsOfDeadClientsEnd)
{
    const size_t slabs = fake_net::free_heap_slabs();
    for (int round = 0; round < 20; round++) {
        const Held listening = listen(carol, 81);
        EXPECT_EQ(request(carol, NSREQ_ACCEPT, about(listening)), std::nullopt);
        fake_net::release(listening);
        fake_net::die(carol);
        fake_net::pass_time(500);
        EXPECT_EQ(request(bob, NSREQ_NAME, about(listening)), to_abi(Error::bad_descriptor));
    }
    EXPECT_EQ(fake_net::free_heap_slabs(), slabs);
}

TEST_F(CoreTest, AllSocketsInUseIsAnError)
{
    SocketRequest header;
    header.argument[0] = socket_datagram;
    header.argument[1] = family_ipv4;
    std::vector<Held> sockets;
    std::optional<int32_t> result;
    while ((result = request(alice, NSREQ_SOCKET, header)) == 0) {
        sockets.push_back(keep(fake_net::last_descriptor()));
        ASSERT_LT(sockets.size(), 5000U);
    }
    EXPECT_TRUE(result == to_abi(Error::max_open) || result == to_abi(Error::no_memory));
    fake_net::release(sockets.back());
    EXPECT_EQ(request(bob, NSREQ_CLOSE, about(sockets.back())), 0);
    EXPECT_EQ(request(alice, NSREQ_SOCKET, header), 0);
    keep(fake_net::last_descriptor());
}

TEST_F(CoreTest, SecondRequestOfAWaitingClientReplacesTheFirst)
{
    const Held socket = open(alice, socket_datagram);
    for (int i = 0; i < 5000; i++) {
        EXPECT_EQ(request(alice, NSREQ_RECV, with_size(socket, 10)), std::nullopt);
    }
}

TEST_F(CoreTest, RandomRequestsAreSurvived)
{
    Random random(3);
    std::vector<Held> sockets = {listen(alice, 90), open(alice, socket_datagram),
                                 open(alice, socket_icmp), open(alice, socket_stream)};
    const Pair pair = connect(sockets[0], 90);
    sockets.push_back(pair.client);
    sockets.push_back(pair.server);
    std::string noise(1000, '\0');
    for (int i = 0; i < 50000; i++) {
        SocketRequest header = about(sockets[random() % sockets.size()]);
        uint32_t words[sizeof(header.argument) / 4 + 4];
        for (uint32_t& word : words) {
            word = random() % 3 == 0 ? static_cast<uint32_t>(random()) : random() % 8;
        }
        memcpy(header.argument, words, sizeof(header.argument));
        header.flags = words[3] | (random() % 4 != 0 ? request_no_wait : 0U);
        header.address = {random() % 2 == 0 ? loop_back : words[4],
                          static_cast<uint16_t>(words[5]), 0};
        header.size = random() % 2 == 0 ? words[6] : random() % 5000;
        std::generate(noise.begin(), noise.end(), [&] { return static_cast<char>(random()); });
        request(static_cast<int32_t>(0x1000 + random() % 20), random() % 28, header, noise,
                random() % 3, random() % 4 != 0);
        if (i % 100 == 0) {
            fake_net::pass_time(250);
            if (const Held made = fake_net::last_descriptor(); made.ticket != 0) {
                fake_net::release(made);
                fake_net::pass_time(250);
            }
        }
    }
}

// The Internet checksum (RFC 1071) of the data, with what was summed up before.
uint16_t internet_sum(const std::string& data, uint32_t start = 0)
{
    uint32_t total = start;
    for (size_t i = 0; i < data.size(); i += 2) {
        const auto low = i + 1 < data.size() ? static_cast<uint8_t>(data[i + 1]) : 0;
        total += static_cast<uint32_t>((static_cast<uint8_t>(data[i]) << 8) | low);
    }
    while (total > 0xFFFF) {
        total = (total & 0xFFFF) + (total >> 16);
    }
    return static_cast<uint16_t>(~total);
}

// A frame to us from 10.0.2.2, its IP and TCP checksums right.
std::string tcp_frame(const std::string& options, uint8_t flags, uint16_t port,
                      uint32_t sequence = 0, uint32_t acknowledged = 0)
{
    const auto put = [](std::string& data, size_t at, uint16_t value) {
        data[at] = static_cast<char>(value >> 8);
        data[at + 1] = static_cast<char>(value);
    };
    const std::string addresses("\x0a\x00\x02\x02\x0a\x00\x02\x0f", 8);
    std::string tcp(20, '\0');
    put(tcp, 0, 4000);
    put(tcp, 2, port);
    put(tcp, 4, static_cast<uint16_t>(sequence >> 16));
    put(tcp, 6, static_cast<uint16_t>(sequence));
    put(tcp, 8, static_cast<uint16_t>(acknowledged >> 16));
    put(tcp, 10, static_cast<uint16_t>(acknowledged));
    tcp[12] = static_cast<char>((5 + options.size() / 4) << 4);
    tcp[13] = static_cast<char>(flags);
    put(tcp, 14, 1000);
    tcp += options;
    put(tcp, 16, internet_sum(addresses + tcp, static_cast<uint32_t>(6 + tcp.size())));
    std::string ip("\x45\x00\x00\x00\x00\x00\x00\x00\x40\x06\x00\x00", 12);
    ip += addresses;
    put(ip, 2, static_cast<uint16_t>(20 + tcp.size()));
    put(ip, 10, internet_sum(ip, 0));
    return std::string("\x52\x54\x00\x12\x34\x56\x52\x55\x0a\x00\x02\x02\x08\x00", 14) + ip + tcp;
}

// What stands in a frame's DNS question, from its UDP payload on; "" if it is none.
std::string dns_query_in(const std::string& frame)
{
    const bool is_udp = frame.size() > 42 && frame[12] == 8 && frame[13] == 0 && frame[23] == 17;
    return is_udp && frame[36] == 0 && frame[37] == 53 ? frame.substr(42) : "";
}

// A frame to us with an IP packet of 10.0.2.`host`; the IP checksum is right.
std::string ip_frame(char protocol, char host, const std::string& payload)
{
    std::string ip("\x45\x00\x00\x00\x00\x00\x00\x00\x40\x00\x00\x00\x0a\x00\x02\x02\x0a\x00\x02\x0f",
                   20);
    const size_t size = ip.size() + payload.size();
    ip[2] = static_cast<char>(size >> 8);
    ip[3] = static_cast<char>(size);
    ip[9] = protocol;
    ip[15] = host;
    uint32_t sum = 0;
    for (size_t i = 0; i < ip.size(); i += 2) {
        sum += static_cast<uint32_t>(static_cast<uint8_t>(ip[i]) << 8)
            | static_cast<uint8_t>(ip[i + 1]);
    }
    sum = ~((sum & 0xFFFF) + (sum >> 16));
    ip[10] = static_cast<char>(sum >> 8);
    ip[11] = static_cast<char>(sum);
    return std::string("\x52\x54\x00\x12\x34\x56\x52\x55\x0a\x00\x02", 11) + host
        + std::string("\x08\x00", 2) + ip + payload;
}

// A UDP packet without a checksum, from port `from`.
std::string udp(uint16_t from, uint16_t to, const std::string& data)
{
    const size_t size = 8 + data.size();
    const char header[] = {static_cast<char>(from >> 8), static_cast<char>(from),
                           static_cast<char>(to >> 8), static_cast<char>(to),
                           static_cast<char>(size >> 8), static_cast<char>(size), 0, 0};
    return std::string(header, sizeof(header)) + data;
}

TEST_F(CoreTest, SmallDatagramsAreTakenFromBuffersThatAreLent)
{
    const Held server = open(alice, socket_datagram);
    EXPECT_EQ(request(alice, NSREQ_BIND, with_address(server, 0, 53)), 0);
    std::vector<std::string> sent, frames;
    for (const size_t size : {18u, 64u, 982u, 983u, 1472u}) {
        sent.emplace_back(size, static_cast<char>(size));
        frames.push_back(ip_frame(17, 3, udp(9, 53, sent.back())));
    }
    const size_t before = fake_net::lent_frames();
    fake_net::receive_frames(frames);
    EXPECT_EQ(fake_net::lent_frames() - before, 3u) << "in frames of up to 1,024 bytes";
    for (const std::string& data : sent) {
        EXPECT_EQ(request(alice, NSREQ_RECV, with_size(server, 2000)),
                  static_cast<int32_t>(data.size()));
        EXPECT_EQ(fake_net::answered_bytes(alice, data.size()), data);
    }
}

// The same with a checksum.
std::string summed(std::string frame)
{
    constexpr size_t addresses = 26, lengths = 38, checksum = 40;
    frame_bytes::set(frame, checksum, 2, 17 + frame_bytes::get(frame, lengths, 2));
    frame_bytes::put_sum(frame, addresses, frame.size(), checksum);
    return frame;
}

std::string datagram(char host, uint16_t from, uint16_t to, const std::string& data)
{
    return summed(ip_frame(17, host, udp(from, to, data)));
}

TEST_F(CoreTest, DatagramsBehindOneOfTheirFlowDoNotTroubleLwip)
{
    const Held server = open(alice, socket_datagram);
    EXPECT_EQ(request(alice, NSREQ_BIND, with_address(server, 0, 53)), 0);
    std::vector<std::string> frames;
    for (char i = 0; i < 10; i++) {
        frames.push_back(datagram(3, 9, 53, std::string(20, i)));
    }
    frames.push_back(datagram(3, 10, 53, "another port is another flow"));
    const auto before = lwip_stats.udp.recv;
    fake_net::receive_frames(frames);
    EXPECT_EQ(lwip_stats.udp.recv - before, 2);
    fake_net::receive_frame(frames[0]);
    EXPECT_EQ(lwip_stats.udp.recv - before, 3) << "no flow outlives its turn";
    for (char i = 0; i < 10; i++) {
        EXPECT_EQ(request(alice, NSREQ_RECV, with_size(server, 100)), 20);
        EXPECT_EQ(fake_net::answered_bytes(alice, 20), std::string(20, i));
    }
}

TEST_F(CoreTest, ADatagramThatIsCutOffIsNotCompletedByTheOneBeforeIt)
{
    const Held server = open(alice, socket_datagram);
    EXPECT_EQ(request(alice, NSREQ_BIND, with_address(server, 0, 53)), 0);
    const std::string whole = datagram(3, 9, 53, std::string(100, 'x'));
    fake_net::receive_frames({whole, whole, whole.substr(0, 60)});  // all in the same buffer
    SocketRequest header = with_size(server, 100);
    header.flags = request_no_wait;
    EXPECT_EQ(request(alice, NSREQ_RECV, header), 100);
    EXPECT_EQ(request(alice, NSREQ_RECV, header), 100);
    EXPECT_EQ(request(alice, NSREQ_RECV, header), not_done);
}

// A frame like many others, or one that is damaged or unusual somewhere.
std::string some_datagram(Random& random)
{
    const auto one_in = [&](uint32_t n) { return random() % n == 0; };
    std::string data(random() % 60 + (one_in(8) ? 900 : 0), '\0');
    for (char& byte : data) {
        byte = static_cast<char>(random());
    }
    std::string frame = ip_frame(17, one_in(8) ? 4 : 3,
                                 udp(one_in(8) ? 10 : 9, one_in(6) ? 54 : 53, data));
    if (one_in(10)) {                                   // in IP's header, whose sum is right again
        const std::array<size_t, 7> places{14, 15, 17, 20, 21, 22, 33};
        frame[places[random() % places.size()]] ^= static_cast<char>(1 << random() % 8);
        frame_bytes::set(frame, 24, 2, 0);
        frame_bytes::put_sum(frame, 14, 34, 24);
    }
    if (one_in(10)) {
        frame_bytes::set(frame, 38, 2, random() % 100); // UDP's length
    }
    if (!one_in(8)) {
        frame = summed(std::move(frame));
    }
    if (one_in(10)) {                                   // anything, and no sum says so
        frame[random() % frame.size()] ^= static_cast<char>(1 << random() % 8);
    }
    if (frame.size() < 60 || one_in(10)) {
        frame.resize(std::max<size_t>(60, frame.size() + random() % 20), '\0');
    }
    return frame;
}

TEST_F(CoreTest, DatagramsInOneTurnReachWhomTheyReachOneByOne)
{
    const std::vector<Held> servers{open(alice, socket_datagram), open(alice, socket_datagram)};
    EXPECT_EQ(request(alice, NSREQ_BIND, with_address(servers[0], 0, 53)), 0);
    EXPECT_EQ(request(alice, NSREQ_BIND, with_address(servers[1], 0, 54)), 0);
    const auto take_all = [&](const Held& server) {
        std::vector<std::string> taken;
        SocketRequest header = with_size(server, 2000);
        header.flags = request_no_wait;
        for (auto size = request(alice, NSREQ_RECV, header); size >= 0;
             size = request(alice, NSREQ_RECV, header)) {
            const NetAddress from = fake_net::answered_header(alice).address;
            taken.push_back(std::to_string(from.ip) + ":" + std::to_string(from.port) + " "
                            + fake_net::answered_bytes(alice, static_cast<size_t>(*size)));
        }
        return taken;
    };
    const auto malformed = [] { return lwip_stats.udp.chkerr + lwip_stats.ip.chkerr; };
    Random random(7);
    for (int round = 0; round < 100; round++) {
        std::vector<std::string> frames(60);
        std::ranges::generate(frames, [&] { return some_datagram(random); });
        auto before = malformed();
        fake_net::receive_frames(frames);
        const auto in_one_turn = malformed() - before;
        const std::vector together{take_all(servers[0]), take_all(servers[1])};
        before = malformed();
        for (const std::string& frame : frames) {
            fake_net::receive_frame(frame);
        }
        EXPECT_EQ(in_one_turn, malformed() - before) << round;
        EXPECT_EQ(together[0], take_all(servers[0])) << round;
        EXPECT_EQ(together[1], take_all(servers[1])) << round;
        EXPECT_GT(together[0].size(), 20u) << round;
    }
}

class ResolveTest : public CoreTest {
protected:
    static std::optional<int32_t> resolve(int32_t client, const std::string& name)
    {
        SocketRequest header;
        header.size = static_cast<uint32_t>(name.size());
        return request(client, NSREQ_RESOLVE, header, name);
    }
    // The question that went to the name server, and the port it came from.
    struct Question {
        std::string bytes;
        uint16_t port = 0;
    };
    static Question question()
    {
        Question result;
        for (int i = 0; i < 8 && result.bytes.empty(); i++) {
            fake_net::tell_neighbour(3);
            for (const std::string& frame : fake_net::take_frames()) {
                if (std::string found = dns_query_in(frame); !found.empty()) {
                    const auto high = static_cast<uint8_t>(frame[34]);
                    result = {found, static_cast<uint16_t>(high << 8
                                                           | static_cast<uint8_t>(frame[35]))};
                }
            }
            fake_net::pass_time(250);
        }
        return result;
    }
    // The answer to `asked`: its error code, and one address if there is none.
    static std::string answer_to(const Question& asked, char code)
    {
        std::string answer = asked.bytes;
        answer[2] = static_cast<char>(0x81);
        answer[3] = static_cast<char>(0x80 | code);
        if (code == 0) {
            answer[7] = 1;
            answer += std::string("\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x05\x00\x04\xc0\x00\x02\x07",
                                  16);
        }
        return answer;
    }
    static void receive(const Question& asked, const std::string& answer)
    {
        fake_net::receive_frame(ip_frame(17, 3, udp(53, asked.port, answer)));
    }
};

TEST_F(ResolveTest, NamesGetTheServersAnswer)
{
    EXPECT_EQ(resolve(alice, "host.example"), std::nullopt);
    EXPECT_EQ(resolve(bob, "host.example"), std::nullopt);      // one lookup serves both
    Question asked = question();
    ASSERT_NE(asked.bytes.find("\4host\7example"), std::string::npos);
    receive(asked, answer_to(asked, 0));
    for (const int32_t client : {alice, bob}) {
        EXPECT_EQ(take_answer(client), 0);
        EXPECT_EQ(fake_net::answered_header(client).address.ip, 0xC0000207U);
    }
    EXPECT_EQ(resolve(alice, "host.example"), 0);               // remembered
    EXPECT_EQ(resolve(alice, "localhost"), 0);
    EXPECT_EQ(fake_net::answered_header(alice).address.ip, loop_back);

    EXPECT_EQ(resolve(alice, "nobody.example"), std::nullopt);
    asked = question();
    receive(asked, answer_to(asked, 3));
    EXPECT_EQ(take_answer(alice), to_abi(Error::not_found));
}

TEST_F(ResolveTest, SilenceTimesOutAndBadNamesAreRefused)
{
    EXPECT_EQ(resolve(alice, "silent.example"), std::nullopt);
    EXPECT_EQ(resolve(carol, "silent.example"), std::nullopt);
    fake_net::die(carol);
    fake_net::pass_time(60000);
    EXPECT_EQ(take_answer(alice), to_abi(Error::timed_out));
    const std::string with_zero("a\0b", 3);
    for (const std::string& name : {std::string(), std::string("."), std::string("a..b"),
                                    std::string(64, 'a'), std::string("a b"), with_zero,
                                    std::string(254, 'a')}) {
        EXPECT_EQ(resolve(alice, name), to_abi(Error::invalid_argument)) << name;
    }
}

TEST_F(ResolveTest, DamagedAnswersAreSurvived)
{
    Random random(5);
    for (int round = 0; round < 200; round++) {
        EXPECT_EQ(resolve(alice, "damaged" + std::to_string(round) + ".example"), std::nullopt);
        const Question asked = question();
        ASSERT_FALSE(asked.bytes.empty());
        for (int i = 0; i < 20; i++) {
            std::string answer = answer_to(asked, 0);
            for (uint32_t damage = random() % 4 + 1; damage > 0; damage--) {
                answer[random() % 2 == 0 ? random() % answer.size() : 4 + random() % 8] =
                    static_cast<char>(random());
            }
            answer.resize(random() % 2 == 0 ? answer.size() : random() % answer.size());
            receive(asked, answer);
        }
        receive(asked, answer_to(asked, 3));
        take_answer(alice);
    }
}

TEST_F(CoreTest, SocketsAreListedWithTheirStates)
{
    const Pair pair = connect(listen(alice, 83), 83);
    open(carol, socket_datagram);
    EXPECT_EQ(request(bob, NSREQ_SEND, with_size(pair.client, 5), "hello"), 5);
    SocketRequest header;
    header.size = max_request_bytes;
    const auto count = request(carol, NSREQ_SOCKETS, header, {}, max_request_pages);
    ASSERT_TRUE(count.has_value());
    ASSERT_GE(*count, 4);
    std::vector<SocketInfo> list(static_cast<size_t>(*count));
    const std::string bytes = fake_net::answered_bytes(carol, list.size() * sizeof(SocketInfo));
    memcpy(list.data(), bytes.data(), bytes.size());
    const auto has = [&](auto matches) { return std::ranges::any_of(list, matches); };
    EXPECT_TRUE(has([](const SocketInfo& info) {
        return info.state == SocketState::listening && info.local.port == 83 && info.owner == alice;
    }));
    EXPECT_TRUE(has([](const SocketInfo& info) {
        return info.state == SocketState::established && info.remote.port == 83 && info.owner == bob;
    }));
    EXPECT_TRUE(has([](const SocketInfo& info) {
        return info.state == SocketState::established && info.local.port == 83
            && info.received == 5 && info.owner == alice;
    }));
    EXPECT_TRUE(has([](const SocketInfo& info) {
        return info.kind == socket_datagram && info.owner == carol;
    }));
    header.size = 2 * sizeof(SocketInfo) + 1;
    EXPECT_EQ(request(carol, NSREQ_SOCKETS, header), 2);
    header.size = 0xFFFFFFFF;
    EXPECT_EQ(request(carol, NSREQ_SOCKETS, header), to_abi(Error::invalid_argument));
}

TEST_F(CoreTest, InterfaceTellsItsAddresses)
{
    SocketRequest header;
    header.size = sizeof(InterfaceInfo);
    ASSERT_EQ(request(carol, NSREQ_INTERFACE, header), 0);
    const std::string bytes = fake_net::answered_bytes(carol, sizeof(InterfaceInfo));
    InterfaceInfo info;
    memcpy(&info, bytes.data(), sizeof(info));
    EXPECT_EQ(info.address, 0x0A00020FU);
    EXPECT_EQ(info.netmask, 0xFFFFFF00U);
    EXPECT_EQ(info.name_server, 0x0A000203U);
    EXPECT_EQ(info.has_card, 1U);
    EXPECT_EQ(info.link_up, 1U);
}

TEST_F(CoreTest, BadTcpOptionsAreDropped)
{
    listen(alice, 82);
    fake_net::take_frames();
    const std::string good("\x02\x04\x05\xb4", 4);
    fake_net::receive_frame(tcp_frame(good, 2, 82));
    EXPECT_FALSE(fake_net::take_frames().empty());          // who has 10.0.2.2?, or SYN+ACK
    for (const std::string& bad : {std::string("\x02\x00\x05\xb4", 4),
                                   std::string("\x02\x01\x05\xb4", 4),
                                   std::string("\x01\x01\x01\x02", 4),
                                   std::string("\x09\xff\x00\x00", 4),
                                   std::string("\x03\x28\x00\x00", 4)}) {
        fake_net::receive_frame(tcp_frame(bad, 2, 82));
        EXPECT_TRUE(fake_net::take_frames().empty());
    }
}

// The flags and sequence number of the one TCP segment among the frames that went out.
struct SentSegment {
    uint8_t flags = 0;
    uint32_t sequence = 0;
};
SentSegment sent_segment()
{
    for (const std::string& frame : fake_net::take_frames()) {
        if (frame.size() > 53 && frame[12] == 8 && frame[13] == 0 && frame[23] == 6) {
            SentSegment segment{static_cast<uint8_t>(frame[47]), 0};
            for (size_t i = 38; i < 42; i++) {
                segment.sequence = (segment.sequence << 8) | static_cast<uint8_t>(frame[i]);
            }
            return segment;
        }
    }
    return {};
}

TEST_F(CoreTest, ConnectionInTimeWaitMakesRoomForItsSuccessor)
{
    constexpr uint8_t fin = 1, syn = 2, ack = 16;
    constexpr uint32_t first = 1000;
    const Held listening = listen(alice, 85);
    fake_net::tell_neighbour(2);
    fake_net::take_frames();
    fake_net::receive_frame(tcp_frame({}, syn, 85, first));
    const SentSegment answer = sent_segment();
    ASSERT_EQ(answer.flags, syn | ack);
    fake_net::receive_frame(tcp_frame({}, ack, 85, first + 1, answer.sequence + 1));
    ASSERT_EQ(request(alice, NSREQ_ACCEPT, about(listening)), 0);
    const Held connection = fake_net::last_descriptor();
    fake_net::release(connection);              // we close first, and so remember it
    fake_net::pass_time(250);
    EXPECT_EQ(sent_segment().flags & fin, fin);
    fake_net::receive_frame(tcp_frame({}, fin | ack, 85, first + 1, answer.sequence + 2));
    EXPECT_EQ(sent_segment().flags, ack);

    fake_net::receive_frame(tcp_frame({}, syn, 85, first - 500));      // a late copy opens nothing
    EXPECT_NE(sent_segment().flags, syn | ack);
    fake_net::receive_frame(tcp_frame({}, syn, 85, first + 500'000));
    EXPECT_EQ(sent_segment().flags, syn | ack);
}

TEST_F(CoreTest, AcceptTellsHowManyMoreWait)
{
    const Held listening = listen(alice, 80);
    std::vector<Held> clients;
    for (int i = 0; i < 3; i++) {
        clients.push_back(open(bob, socket_stream));
        const SocketRequest connecting = with_address(clients.back(), loop_back, 80);
        const auto connected = request(bob, NSREQ_CONNECT, connecting);
        ASSERT_EQ(connected.has_value() ? connected : take_answer(bob), 0);
    }
    for (const int left : {2, 1, 0}) {
        EXPECT_EQ(request(alice, NSREQ_ACCEPT, about(listening)), left);
        clients.push_back(keep(fake_net::last_descriptor()));
    }
}

// A connection to a peer beyond the card, which sends bursts of segments (net/receive_merge.hh).
class BurstTest : public CoreTest {
protected:
    static constexpr uint32_t full = fake_tcp::full, start = 0xFFFF0000;

    void accept(uint16_t port)
    {
        fields.to = port;
        const Held listening = listen(alice, port);
        fake_net::tell_neighbour(2);
        fake_net::take_frames();
        const std::string maximum("\2\4\5\xb4", 4);
        fake_net::receive_frame(fake_tcp::segment({.sequence = start - 1, .payload = 0,
                                                   .flags = fake_tcp::syn, .acknowledged = 0,
                                                   .to = port, .options = maximum}));
        fields.acknowledged = sent_segment().sequence + 1;
        fields.sequence = start;
        fields.payload = 0;
        fake_net::receive_frame(fake_tcp::segment(fields));
        ASSERT_EQ(request(alice, NSREQ_ACCEPT, about(listening)), 0);
        connection = keep(fake_net::last_descriptor());
        fake_net::take_frames();
    }

    // What our answers have acknowledged, as a place in the peer's stream.
    static std::vector<uint32_t> acknowledged()
    {
        std::vector<uint32_t> places;
        for (const std::string& frame : fake_net::take_frames()) {
            if (fake_tcp::get(frame, 12, 2) == 0x0800) {
                places.push_back(fake_tcp::get(frame, 42, 4) - start);
            }
        }
        return places;
    }

    std::string read_all()
    {
        std::string bytes;
        for (;;) {
            SocketRequest header = with_size(connection, 60000);
            header.flags = request_no_wait;
            const auto count = request(alice, NSREQ_RECV, header, {}, 16);
            if (!count.has_value() || *count <= 0) {
                return bytes;
            }
            bytes += fake_net::answered_bytes(alice, static_cast<size_t>(*count));
        }
    }

    fake_tcp::Fields fields;            // of the peer's segments
    Held connection;
};

using Places = std::vector<uint32_t>;

TEST_F(BurstTest, IsAcknowledgedByOneFrameAndArrivesWhole)
{
    accept(86);
    fake_net::receive_frames(fake_tcp::segments(20, full, fields));
    EXPECT_EQ(acknowledged(), Places{20 * full});
    EXPECT_EQ(read_all(), fake_tcp::stream(start, 20 * full));
    fields.sequence += 20 * full;
    fake_net::take_frames();
    fake_net::receive_frames(fake_tcp::segments(2, full, fields));
    EXPECT_EQ(acknowledged(), Places{2 * full + 20 * full});

    SocketRequest shut = about(connection);             // nobody reads any more
    shut.argument[0] = 0;
    EXPECT_EQ(request(alice, NSREQ_SHUTDOWN, shut), 0);
    fake_net::take_frames();
    fields.sequence += 2 * full;
    fake_net::receive_frames(fake_tcp::segments(2, full, fields));
    EXPECT_EQ(acknowledged(), Places{2 * full + 22 * full});
}

TEST_F(BurstTest, RecoversFromADamagedSegment)
{
    accept(87);
    const fake_tcp::Frames good = fake_tcp::segments(10, full, fields);
    fake_tcp::Frames frames = good;
    frames[4][500] = static_cast<char>(frames[4][500] ^ 1);
    fake_net::receive_frames(frames);
    EXPECT_EQ(acknowledged(), (Places{4 * full, 4 * full}));
    EXPECT_EQ(read_all(), fake_tcp::stream(start, 4 * full));
    fake_net::take_frames();
    fake_net::receive_frame(good[4]);
    EXPECT_EQ(acknowledged(), Places{10 * full});
    EXPECT_EQ(read_all(), fake_tcp::stream(start + 4 * full, 6 * full));
}

TEST_F(BurstTest, OfMoreThanTheWindowIsCutThere)
{
    accept(88);
    fake_net::receive_frames(fake_tcp::segments(60, full, fields));
    EXPECT_EQ(read_all(), fake_tcp::stream(start, 0xFFFF));     // it asked for no scaled window
    const Places places = acknowledged();
    ASSERT_FALSE(places.empty());
    EXPECT_EQ(places.back(), 0xFFFFu);
}

// Segments lost, damaged, sent again, cut otherwise, out of order: what is read is the stream.
TEST_F(BurstTest, RandomBurstsCarryTheStream)
{
    Random random(12);
    accept(89);
    const size_t slabs = fake_net::free_heap_slabs();
    fake_net::log_lines();
    uint32_t done = 0;
    for (int round = 0; round < 2000; round++) {
        fake_tcp::Frames frames;
        uint32_t at = done + random() % 3 * random() % 9000;
        for (uint32_t i = random() % 40; i > 0 && at + full < done + 0xFFFF; i--) {
            fields.payload = random() % 3 == 0 ? 1 + random() % full : full;
            fields.sequence = start + at;
            frames.push_back(fake_tcp::segment(fields));
            at += fields.payload;
            if (random() % 20 == 0) {
                at = done + random() % 3000;            // once more, or out of order
            } else if (random() % 20 == 0) {
                frames.pop_back();
            } else if (random() % 20 == 0) {
                frames.back()[random() % 54] ^= 2;
            }
        }
        fake_net::receive_frames(frames);
        const std::string bytes = read_all();
        ASSERT_EQ(bytes, fake_tcp::stream(start + done, static_cast<uint32_t>(bytes.size())));
        done += static_cast<uint32_t>(bytes.size());
        const Places places = acknowledged();
        ASSERT_TRUE(places.empty() || places.back() == done);
    }
    EXPECT_GT(done, 1'000'000u);
    EXPECT_EQ(fake_net::log_lines(), 0u);
    EXPECT_GE(fake_net::free_heap_slabs() + 4, slabs);
}

TEST_F(CoreTest, DamagedFramesAreSurvived)
{
    Random random(4);
    listen(alice, 83);
    const size_t slabs = fake_net::free_heap_slabs();
    const std::string arp("\xff\xff\xff\xff\xff\xff\x52\x55\x0a\x00\x02\x02\x08\x06\x00\x01\x08\x00"
                          "\x06\x04\x00\x01\x52\x55\x0a\x00\x02\x02\x0a\x00\x02\x02\x00\x00\x00\x00"
                          "\x00\x00\x0a\x00\x02\x0f", 42);
    for (int i = 0; i < 100000; i++) {
        std::string frame = random() % 4 == 0 ? arp
            : tcp_frame(std::string(4 * (random() % 11), static_cast<char>(random() % 10)),
                        static_cast<uint8_t>(random()), random() % 2 == 0 ? 83 : 7);
        for (uint32_t changes = random() % 4; changes > 0; changes--) {
            frame[random() % frame.size()] = static_cast<char>(random());
        }
        if (random() % 3 == 0) {
            frame.resize(random() % 120);
        }
        const std::vector<char> exact(frame.begin(), frame.end());  // ends where memory ends
        fake_net::receive_frame(exact);
        if (i % 1000 == 0) {
            fake_net::pass_time(500);
        }
    }
    fake_net::pass_time(200000);
    EXPECT_GE(fake_net::free_heap_slabs() + 2, slabs);
    EXPECT_EQ(request(bob, NSREQ_NAME, about(listen(bob, 84))), 0);
}

// --- IPv6, ICMP errors, options, groups

NetAddress ip6(std::initializer_list<uint8_t> first, uint8_t last, uint16_t port = 0)
{
    NetAddress address;
    address.is_ipv6 = 1;
    address.port = port;
    std::ranges::copy(first, address.ip6.begin());
    address.ip6.back() = last;
    return address;
}

// Options as lib/socket.hh numbers them: level and option.
struct Option {
    uint32_t level, number;
};
constexpr Option so_error{1, 4}, so_send_buffer{1, 7}, so_receive_buffer{1, 8}, keep_idle{6, 4},
    keep_count{6, 6}, join_group{0, 35}, leave_group{0, 36}, ipv6_only{41, 26};

std::optional<int32_t> get_option(int32_t client, Held socket, Option option)
{
    SocketRequest header = about(socket);
    header.argument[0] = option.level;
    header.argument[1] = option.number;
    return request(client, NSREQ_GET_OPTION, header);
}

std::optional<int32_t> set_option(int32_t client, Held socket, Option option, uint32_t value,
                                  NetAddress address = {})
{
    SocketRequest header = about(socket);
    header.argument[0] = option.level;
    header.argument[1] = option.number;
    header.argument[2] = value;
    header.address = address;
    return request(client, NSREQ_SET_OPTION, header);
}

SocketRequest to(Held socket, const NetAddress& address)
{
    SocketRequest header = about(socket);
    header.address = address;
    header.flags = request_has_address;
    return header;
}

TEST_F(CoreTest, OneListenerServesBothFamilies)
{
    const Held listener = open(alice, socket_stream, family_ipv6);
    EXPECT_EQ(request(alice, NSREQ_BIND, to(listener, ip6({}, 0, 91))), 0);
    SocketRequest header = about(listener);
    header.argument[0] = 16;
    EXPECT_EQ(request(alice, NSREQ_LISTEN, header), 0);
    for (const uint32_t family : {family_ipv4, family_ipv6}) {
        EXPECT_EQ(request(alice, NSREQ_ACCEPT, about(listener)), std::nullopt);
        const Held client = open(bob, socket_stream, family);
        const NetAddress own = family == family_ipv6 ? ip6({}, 1, 91) : NetAddress{loop_back, 91};
        const auto result = request(bob, NSREQ_CONNECT, to(client, own));
        EXPECT_EQ(result.has_value() ? result : take_answer(bob), 0);
        EXPECT_EQ(take_answer(alice), 0);
        EXPECT_EQ(fake_net::answered_header(alice).address.is_ipv6, family == family_ipv6 ? 1 : 0);
        const Held server = keep(fake_net::last_descriptor());
        EXPECT_EQ(request(bob, NSREQ_SEND, with_size(client, 5), "hello"), 5);
        EXPECT_EQ(request(alice, NSREQ_RECV, with_size(server, 9)), 5);
    }
}

TEST_F(CoreTest, ASocketOfIPv6AloneRefusesIPv4)
{
    const Held socket = open(bob, socket_stream, family_ipv6);
    EXPECT_EQ(set_option(bob, socket, ipv6_only, 1), 0);
    EXPECT_EQ(request(bob, NSREQ_CONNECT, to(socket, {loop_back, 91})),
              to_abi(Error::network_unreachable));
    const Held old = open(bob, socket_stream);
    EXPECT_EQ(request(bob, NSREQ_CONNECT, to(old, ip6({}, 1, 91))),
              to_abi(Error::network_unreachable));
    EXPECT_EQ(set_option(bob, old, ipv6_only, 1), to_abi(Error::invalid_argument));
}

TEST_F(CoreTest, WithoutARouterTheRestOfTheWorldIsUnreachable)
{
    const Held socket = open(bob, socket_stream, family_ipv6);
    EXPECT_EQ(request(bob, NSREQ_CONNECT, to(socket, ip6({0x20, 0x01, 0x0D, 0xB8}, 1, 80))),
              to_abi(Error::network_unreachable));
}

TEST_F(CoreTest, AConnectedDatagramSocketHearsThatNobodyListens)
{
    const Held socket = open(bob, socket_datagram);
    EXPECT_EQ(request(bob, NSREQ_CONNECT, with_address(socket, loop_back, 92)), 0);
    EXPECT_EQ(request(bob, NSREQ_SEND, with_size(socket, 1), "x"), 1);
    EXPECT_EQ(request(bob, NSREQ_SEND, with_size(socket, 1), "x"), refused);
    EXPECT_EQ(request(bob, NSREQ_RECV, with_size(socket, 1)), std::nullopt);    // told once

    const Held waiting = open(carol, socket_datagram, family_ipv6);
    EXPECT_EQ(request(carol, NSREQ_CONNECT, to(waiting, ip6({}, 1, 92))), 0);
    EXPECT_EQ(request(carol, NSREQ_SEND, with_size(waiting, 1), "x"), 1);
    EXPECT_EQ(get_option(carol, waiting, so_error), static_cast<int32_t>(Error::connection_refused));

    const Held loose = open(alice, socket_datagram);            // without connect nobody is told
    EXPECT_EQ(request(alice, NSREQ_SEND, [&] {
        SocketRequest header = with_address(loose, loop_back, 92);
        header.size = 1;
        return header;
    }(), "x"), 1);
    EXPECT_EQ(get_option(alice, loose, so_error), 0);
}

// "Destination unreachable" with this code, about `packet`, from 10.0.2.2.
std::string unreachable(char code, const std::string& packet)
{
    std::string message = std::string("\x03", 1) + code + std::string(6, '\0') + packet.substr(0, 28);
    const uint16_t sum = internet_sum(message);
    message[2] = static_cast<char>(sum >> 8);
    message[3] = static_cast<char>(sum);
    return ip_frame(1, 2, message);
}

TEST_F(CoreTest, IcmpEndsAnAttemptToConnect)
{
    const std::pair<char, Error> codes[] = {{0, Error::network_unreachable},
                                            {1, Error::host_unreachable},
                                            {3, Error::connection_refused}};
    for (const auto& [code, error] : codes) {
        const Held socket = open(bob, socket_stream);
        EXPECT_EQ(request(bob, NSREQ_CONNECT, with_address(socket, 0x0A000202, 93)), std::nullopt);
        fake_net::tell_neighbour(2);
        std::string packet;
        for (const std::string& frame : fake_net::take_frames()) {
            packet = frame[12] == 8 && frame[13] == 0 && frame[23] == 6 ? frame.substr(14) : packet;
        }
        ASSERT_GE(packet.size(), 28U);
        std::string other = packet;
        other[27] = static_cast<char>(other[27] + 1);           // another sequence number
        fake_net::receive_frame(unreachable(code, other));
        EXPECT_EQ(take_answer(bob), std::nullopt);
        fake_net::receive_frame(unreachable(code, packet));
        EXPECT_EQ(take_answer(bob), to_abi(error));
    }
}

bool card_receives(const EthernetAddress& address)
{
    return std::ranges::count(fake_net::multicast_addresses(), address) == 1;
}

TEST_F(CoreTest, GroupsReachTheCardsFilter)
{
    constexpr EthernetAddress group{0x01, 0x00, 0x5E, 0x01, 0x02, 0x03};
    constexpr EthernetAddress solicited{0x33, 0x33, 0xFF, 0x12, 0x34, 0x56};
    constexpr EthernetAddress all_nodes{0x33, 0x33, 0, 0, 0, 1}, all_systems{0x01, 0, 0x5E, 0, 0, 1};
    EXPECT_TRUE(card_receives(solicited) && card_receives(all_nodes) && card_receives(all_systems));
    const NetAddress address{0xEF010203}, same_frame{0xEF810203};
    const Held first = open(alice, socket_datagram), second = open(bob, socket_datagram);
    EXPECT_EQ(set_option(alice, first, join_group, 0, address), 0);
    EXPECT_EQ(set_option(alice, first, join_group, 0, address), to_abi(Error::address_in_use));
    EXPECT_EQ(set_option(bob, second, join_group, 0, same_frame), 0);
    EXPECT_EQ(set_option(bob, second, leave_group, 0, address), to_abi(Error::not_found));
    EXPECT_EQ(set_option(bob, second, join_group, 0, {0x0A000202}), to_abi(Error::invalid_argument));
    EXPECT_TRUE(card_receives(group));
    EXPECT_EQ(set_option(alice, first, leave_group, 0, address), 0);
    EXPECT_TRUE(card_receives(group));                          // the other needs it
    fake_net::release(second);
    fake_net::pass_time(500);
    EXPECT_FALSE(card_receives(group));

    int32_t result = 0;
    for (uint32_t i = 0; i < 100 && result == 0; i++) {
        result = set_option(alice, first, join_group, 0, {0xEF000100 + i}).value_or(-1);
    }
    EXPECT_EQ(result, to_abi(Error::no_memory));
    EXPECT_LE(fake_net::multicast_addresses().size(), max_multicast_addresses);
    fake_net::release(first);
    fake_net::pass_time(500);
    EXPECT_LE(fake_net::multicast_addresses().size(), 4U);
}

TEST_F(CoreTest, OptionsAreKeptWithinTheirBounds)
{
    const Held socket = open(bob, socket_stream);
    EXPECT_EQ(get_option(bob, socket, so_receive_buffer), 128 * 1024);
    EXPECT_EQ(set_option(bob, socket, so_receive_buffer, 0xFFFFFFFF), 0);
    EXPECT_EQ(get_option(bob, socket, so_receive_buffer), 128 * 1024);
    EXPECT_EQ(set_option(bob, socket, so_send_buffer, 1), 0);
    EXPECT_EQ(get_option(bob, socket, so_send_buffer), 2048);
    EXPECT_EQ(set_option(bob, socket, keep_idle, 30), 0);
    EXPECT_EQ(get_option(bob, socket, keep_idle), 30);
    EXPECT_EQ(set_option(bob, socket, keep_idle, 0), to_abi(Error::invalid_argument));
    EXPECT_EQ(set_option(bob, socket, keep_count, 128), to_abi(Error::invalid_argument));
    EXPECT_EQ(set_option(bob, socket, {1, 0x10004}, 1), to_abi(Error::not_supported));
    EXPECT_EQ(get_option(bob, socket, {0x10001, 4}), to_abi(Error::not_supported));
}

TEST_F(CoreTest, SmallBuffersBoundWhatIsUnderWay)
{
    const Held listener = listen(alice, 94);
    EXPECT_EQ(set_option(alice, listener, so_receive_buffer, 8192), 0);
    const Pair pair = connect(listener, 94);
    EXPECT_EQ(set_option(bob, pair.client, so_send_buffer, 4096), 0);
    uint32_t sent = 0, received = 0;
    const std::string block(2000, 'b');
    SocketRequest send = with_size(pair.client, 2000), receive = with_size(pair.server, 4000);
    send.flags = receive.flags = request_no_wait;
    for (int i = 0; i < 2000; i++) {
        const auto count = request(bob, NSREQ_SEND, send, block);
        sent += count > 0 ? static_cast<uint32_t>(*count) : 0;
        if (count < 0 || sent > 300'000) {
            const auto taken = request(alice, NSREQ_RECV, receive);
            received += taken > 0 ? static_cast<uint32_t>(*taken) : 0;
            fake_net::pass_time(250);
        }
    }
    EXPECT_GT(received, 300'000U);              // it goes on
    while (request(alice, NSREQ_RECV, receive) > 0) {
        fake_net::pass_time(250);
    }
    sent = 0;
    for (auto count = request(bob, NSREQ_SEND, send, block); count > 0;
         count = request(bob, NSREQ_SEND, send, block)) {
        sent += static_cast<uint32_t>(*count);
        fake_net::pass_time(250);
    }
    EXPECT_LE(sent, 8192U + 4096U);             // both buffers, where 256 KiB were possible
    EXPECT_GE(sent, 8192U);
}

// A frame to `to`'s multicast or our own address, with an IPv6 packet from fe80::2.
std::string ip6_frame(const std::string& ethernet, const std::string& to, char protocol,
                      std::string payload, bool fix_sum = true)
{
    const std::string from("\xfe\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02", 16);
    if (fix_sum && payload.size() >= 4) {
        payload[2] = payload[3] = 0;
        const uint16_t sum = internet_sum(from + to + payload,
                                          static_cast<uint32_t>(payload.size()) + 58);
        payload[2] = static_cast<char>(sum >> 8);
        payload[3] = static_cast<char>(sum);
    }
    std::string ip("\x60\x00\x00\x00\x00\x00\x00\xff", 8);
    ip[4] = static_cast<char>(payload.size() >> 8);
    ip[5] = static_cast<char>(payload.size());
    ip[6] = protocol;
    return ethernet + std::string("\x52\x55\x0a\x00\x02\x02\x86\xdd", 8) + ip + from + to + payload;
}

const std::string our_link_local("\xfe\x80\x00\x00\x00\x00\x00\x00\x50\x54\x00\xff\xfe\x12\x34\x56", 16);
const std::string our_ethernet("\x52\x54\x00\x12\x34\x56", 6);
const std::string solicitation = std::string("\x87\x00\x00\x00\x00\x00\x00\x00", 8) + our_link_local
    + std::string("\x01\x01\x52\x55\x0a\x00\x02\x02", 8);

TEST_F(CoreTest, NeighbourSolicitationsAreAnswered)
{
    const std::string group("\xff\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\xff\x12\x34\x56", 16);
    const std::string group_ethernet("\x33\x33\xff\x12\x34\x56", 6);
    fake_net::pass_time(5000);                  // until we have made sure of our address
    fake_net::take_frames();
    fake_net::receive_frame(ip6_frame(group_ethernet, group, 58, solicitation));
    const auto frames = fake_net::take_frames();
    EXPECT_TRUE(std::ranges::any_of(frames, [](const std::string& frame) {
        return frame.size() > 54 && frame.substr(12, 2) == "\x86\xdd" && frame[54] == '\x88'
            && frame.substr(62, 16) == our_link_local;
    }));
    std::string other_station = ip6_frame("\x52\x54\x01\x12\x34\x56", our_link_local, 58,
                                          solicitation);
    fake_net::receive_frame(other_station);     // which QEMU's card may let pass
    EXPECT_TRUE(fake_net::take_frames().empty());
}

TEST_F(CoreTest, DamagedIPv6FramesAreSurvived)
{
    Random random(5);
    const std::string prefix = std::string("\x03\x04\x40\xc0\x00\x00\x70\x80\x00\x00\x38\x40", 12)
        + std::string(4, '\0') + std::string("\xfe\xc0", 2) + std::string(14, '\0');
    const std::string messages[] = {
        solicitation,
        std::string("\x88\x00\x00\x00\x60\x00\x00\x00", 8) + our_link_local
            + std::string("\x02\x01\x52\x55\x0a\x00\x02\x02", 8),
        std::string("\x86\x00\x00\x00\x40\x00\x07\x08", 8) + std::string(8, '\0')
            + std::string("\x01\x01\x52\x55\x0a\x00\x02\x02\x05\x01\x00\x00\x00\x00\x05\xdc", 16) + prefix,
        std::string("\x89\x00\x00\x00\x00\x00\x00\x00", 8) + our_link_local + our_link_local,
        std::string("\x02\x00\x00\x00\x00\x00\x00\x10", 8) + std::string(60, '\x60'),
        std::string("\x01\x04\x00\x00\x00\x00\x00\x00", 8) + std::string(60, '\x60'),
        std::string("\x82\x00\x00\x00\x00\x00\x00\x00", 8) + std::string(16, '\0'),
        std::string("\x80\x00\x00\x00\x12\x34\x00\x01", 8) + std::string(100, 'p')};
    const size_t slabs = fake_net::free_heap_slabs();
    constexpr char protocols[] = {58, 58, 58, 58, 0, 43, 44, 44, 60, 6, 17};
    for (int i = 0; i < 60000; i++) {
        std::string payload = messages[random() % std::size(messages)];
        for (uint32_t changes = random() % 4; changes > 0; changes--) {
            payload[random() % payload.size()] = static_cast<char>(random());
        }
        if (random() % 4 == 0) {
            payload.resize(random() % 80);
        }
        const char protocol = protocols[random() % sizeof protocols];
        if (protocol != 58 && payload.size() > 4) {             // headers before it
            payload[0] = protocols[random() % sizeof protocols];
            payload[1] = static_cast<char>(random() % 3);
        }
        const std::string frame = ip6_frame(our_ethernet, our_link_local, protocol, payload,
                                            random() % 4 != 0);
        const std::vector<char> exact(frame.begin(), frame.end());
        fake_net::receive_frame(exact);
        if (i % 500 == 0) {
            fake_net::pass_time(500);
        }
    }
    fake_net::pass_time(200000);
    EXPECT_GE(fake_net::free_heap_slabs() + 2, slabs);
    EXPECT_EQ(request(bob, NSREQ_NAME, about(listen(bob, 95))), 0);
}

// --- Batches

// The entries of a batch, laid out as a client does: entries, then bytes from byte 2048 of the run.
class Batch {
public:
    static constexpr uint32_t bytes_at = 2048;

    BatchEntry& add(uint32_t code, SocketRequest header, bool awaited, uint32_t offset = bytes_at)
    {
        BatchEntry entry;
        entry.request = header;
        entry.code = code;
        entry.offset = offset;
        entry.result = to_abi(Error::try_again);
        entry.awaited = awaited ? 1 : 0;
        return entries_.emplace_back(entry);
    }

    std::optional<int32_t> submit(int32_t client, std::string_view bytes = {},
                                  uint32_t timeout_ms = wait_forever, uint32_t pages = 2)
    {
        SocketRequest header;
        header.argument[0] = static_cast<uint32_t>(entries_.size());
        header.argument[1] = timeout_ms;
        std::string data(reinterpret_cast<const char*>(entries_.data()),
                         entries_.size() * sizeof(BatchEntry));
        data.resize(bytes_at - sizeof(SocketRequest));
        data += bytes;
        return request(client, NSREQ_BATCH, header, data, pages);
    }

    static BatchEntry answered(int32_t client, size_t number)
    {
        const std::string bytes =
            fake_net::answered_bytes(client, (number + 1) * sizeof(BatchEntry));
        BatchEntry entry;
        memcpy(&entry, bytes.data() + number * sizeof(BatchEntry), sizeof entry);
        return entry;
    }
    static std::string bytes(int32_t client, size_t count, size_t from = bytes_at)
    {
        return fake_net::answered_bytes(client, from - sizeof(SocketRequest) + count)
            .substr(from - sizeof(SocketRequest));
    }

private:
    std::vector<BatchEntry> entries_;
};

TEST_F(CoreTest, ABatchSendsAndWaitsForWhatItAwaits)
{
    const Pair pair = connect(listen(alice, 80), 80);
    Batch batch;
    batch.add(NSREQ_SEND, with_size(pair.server, 5), false);
    batch.add(NSREQ_RECV, with_size(pair.server, 100), true, Batch::bytes_at + 100);
    EXPECT_EQ(batch.submit(alice, "hello"), std::nullopt);
    EXPECT_EQ(request(bob, NSREQ_RECV, with_size(pair.client, 100)), 5);
    EXPECT_EQ(fake_net::answered_bytes(bob, 5), "hello");

    EXPECT_EQ(request(bob, NSREQ_SEND, with_size(pair.client, 6), "answer"), 6);
    EXPECT_EQ(take_answer(alice), 2);
    EXPECT_EQ(Batch::answered(alice, 0).result, 5);
    EXPECT_EQ(Batch::answered(alice, 1).result, 6);
    EXPECT_EQ(Batch::bytes(alice, 6, Batch::bytes_at + 100), "answer");
    EXPECT_EQ(request(bob, NSREQ_RECV, [&] {
                  SocketRequest header = with_size(pair.client, 100);
                  header.flags = request_no_wait;
                  return header;
              }()), not_done) << "nothing is sent twice";
}

TEST_F(CoreTest, ABatchEndsWhenItsTimeIsUpOrNothingIsToWaitFor)
{
    const Pair pair = connect(listen(alice, 80), 80);
    Batch batch;
    batch.add(NSREQ_RECV, with_size(pair.server, 100), true);
    EXPECT_EQ(batch.submit(alice, {}, 0), 0);
    EXPECT_EQ(Batch::answered(alice, 0).result, not_done);
    EXPECT_EQ(batch.submit(alice, {}, 500), std::nullopt);
    fake_net::pass_time(1000);
    EXPECT_EQ(take_answer(alice), 0);
    EXPECT_EQ(Batch().submit(alice), std::nullopt) << "an empty one waits for its time";
}

TEST_F(CoreTest, ABatchAcceptsOneConnectionAndTellsOfEvents)
{
    const Held listening = listen(alice, 80);
    Batch batch;
    batch.add(NSREQ_ACCEPT, about(listening), true);
    batch.add(NSREQ_ACCEPT, about(listening), true);
    EXPECT_EQ(batch.submit(alice), std::nullopt);
    const Held client = open(bob, socket_stream);
    const auto connected = request(bob, NSREQ_CONNECT, with_address(client, loop_back, 80));
    EXPECT_EQ(connected.has_value() ? connected : take_answer(bob), 0);
    EXPECT_EQ(take_answer(alice), 1);
    EXPECT_EQ(Batch::answered(alice, 0).result, 0);
    EXPECT_EQ(Batch::answered(alice, 0).request.address.ip, loop_back);
    EXPECT_EQ(Batch::answered(alice, 1).result, not_done);
    const Held accepted = keep(fake_net::last_descriptor());

    Batch waiting;
    SocketRequest events = about(accepted);
    events.argument[0] = 1;                     // POLLIN
    waiting.add(NSREQ_POLL, events, true);
    EXPECT_EQ(waiting.submit(alice), std::nullopt);
    EXPECT_EQ(request(bob, NSREQ_SEND, with_size(client, 1), "x"), 1);
    EXPECT_EQ(take_answer(alice), 1);
    EXPECT_EQ(Batch::answered(alice, 0).result, 1);

    fake_net::release(accepted);
    Batch closing;
    closing.add(NSREQ_CLOSE, about(accepted), false);
    closing.add(NSREQ_RECV, with_size(accepted, 1), true);
    EXPECT_EQ(closing.submit(alice), 2);
    EXPECT_EQ(Batch::answered(alice, 0).result, 0);
    EXPECT_EQ(Batch::answered(alice, 1).result, to_abi(Error::bad_descriptor));
}

TEST_F(CoreTest, ABatchEndsWithADescriptorThatNobodyAwaits)
{
    const Held listening = listen(alice, 80);
    Batch batch;
    batch.add(NSREQ_ACCEPT, about(listening), false);
    EXPECT_EQ(batch.submit(alice, {}, 5000), std::nullopt);
    const Held client = open(bob, socket_stream);
    const auto connected = request(bob, NSREQ_CONNECT, with_address(client, loop_back, 80));
    EXPECT_EQ(connected.has_value() ? connected : take_answer(bob), 0);
    EXPECT_EQ(take_answer(alice), 1) << "else its page would be nobody's, and the socket end";
    const Held accepted = keep(fake_net::last_descriptor());
    fake_net::pass_time(1000);
    EXPECT_EQ(request(bob, NSREQ_SEND, with_size(client, 1), "x"), 1);
    EXPECT_EQ(request(alice, NSREQ_RECV, with_size(accepted, 1)), 1);
}

TEST_F(CoreTest, ABatchMovesTwiceItsBytesAtMost)
{
    const Held socket = open(bob, socket_datagram);
    Batch batch;
    const uint32_t all = 2 * page_size - Batch::bytes_at;
    for (int i = 0; i < 4; i++) {                       // of 2 * 8136 bytes
        batch.add(NSREQ_SEND, with_size(socket, all), false);
    }
    EXPECT_EQ(batch.submit(bob), 4);
    for (size_t i = 0; i < 4; i++) {
        EXPECT_EQ(Batch::answered(bob, i).result,
                  to_abi(i < 2 ? Error::not_connected : Error::invalid_argument)) << i;
    }
}

TEST_F(CoreTest, APollLooksAtAsManySocketsAsThereAre)
{
    SocketRequest header;
    header.argument[0] = max_sockets;
    EXPECT_EQ(request(bob, NSREQ_POLL, header, {}, 8), static_cast<int32_t>(max_sockets))
        << "no entry names a socket";
    header.argument[0]++;
    EXPECT_EQ(request(bob, NSREQ_POLL, header, {}, 8), to_abi(Error::invalid_argument));
}

// Sends until the peer's window and our buffer are full; what the last batch did not send.
size_t fill(const Held& socket)
{
    const std::string data(60000, 'x');
    for (int i = 0; i < 1000; i++) {
        Batch batch;
        batch.add(NSREQ_SEND, with_size(socket, 60000), false);
        batch.add(NSREQ_RECV, with_size(socket, 1), true, 64000);
        if (batch.submit(alice, data, wait_forever, 17) != std::nullopt) {
            return 60000 - static_cast<size_t>(std::max(Batch::answered(alice, 0).result, 0));
        }
    }
    ADD_FAILURE() << "the buffer takes all there is";
    return 0;
}

TEST_F(CoreTest, ASendThatABatchDoesNotAwaitEndsItWhenOnlyAPartWent)
{
    const Pair pair = connect(listen(alice, 80), 80);
    EXPECT_GT(fill(pair.server), 0u);
    EXPECT_EQ(Batch::answered(alice, 1).result, not_done);
}

TEST_F(CoreTest, ASendThatABatchDoesNotAwaitEndsItWhenNothingWent)
{
    const Pair pair = connect(listen(alice, 80), 80);
    for (int i = 0; i < 10 && fill(pair.server) < 60000; i++) {
    }
    EXPECT_EQ(Batch::answered(alice, 0).result, not_done);
    EXPECT_EQ(Batch::answered(alice, 1).result, not_done);
}

TEST_F(CoreTest, AReceiveThatABatchDoesNotAwaitDoesNotEndIt)
{
    const Pair pair = connect(listen(alice, 80), 80);
    Batch batch;
    batch.add(NSREQ_RECV, with_size(pair.server, 1), false);
    batch.add(NSREQ_SEND, with_size(pair.server, 5), false, Batch::bytes_at + 100);
    EXPECT_EQ(batch.submit(alice, std::string(105, 'x'), 500), std::nullopt);
    fake_net::pass_time(1000);
    EXPECT_EQ(take_answer(alice), 0);
    EXPECT_EQ(Batch::answered(alice, 0).result, not_done);
    EXPECT_EQ(Batch::answered(alice, 1).result, 5);
}

std::string record(NetAddress address, std::string_view bytes)
{
    DatagramRecord header;
    header.address = address;
    header.size = static_cast<uint32_t>(bytes.size());
    std::string result(reinterpret_cast<const char*>(&header), sizeof header);
    result += bytes;
    result.resize(header.whole());
    return result;
}

TEST_F(CoreTest, ManyDatagramsGoAndComeInOneRequest)
{
    const Held server = open(alice, socket_datagram), client = open(bob, socket_datagram);
    EXPECT_EQ(request(alice, NSREQ_BIND, with_address(server, 0, 53)), 0);
    const NetAddress to{loop_back, 53, 0};
    const NetAddress nowhere{loop_back, 53, 1};         // of IPv6, from a socket of IPv4
    const std::string data = record(to, "one") + record(nowhere, "lost") + record(to, "")
        + record(to, "exactly8");
    SocketRequest many = with_size(client, static_cast<uint32_t>(data.size()));
    many.flags = request_many | request_has_address;
    EXPECT_EQ(request(bob, NSREQ_SEND, many, data), 3);

    SocketRequest wanted = with_size(server, 80);       // room for two of them
    wanted.flags = request_many;
    EXPECT_EQ(request(alice, NSREQ_RECV, wanted), 2);
    DatagramRecord first;
    const std::string taken = fake_net::answered_bytes(alice, 80);
    memcpy(&first, taken.data(), sizeof first);
    EXPECT_EQ(first.size, 3u);
    EXPECT_EQ(first.address.ip, loop_back);
    EXPECT_EQ(taken.substr(sizeof first, 3), "one");
    wanted.size = sizeof(DatagramRecord) + 7;
    EXPECT_EQ(request(alice, NSREQ_RECV, wanted), to_abi(Error::message_size));
    wanted.size++;
    EXPECT_EQ(request(alice, NSREQ_RECV, wanted), 1);
    wanted.flags |= request_no_wait;
    EXPECT_EQ(request(alice, NSREQ_RECV, wanted), not_done);
}

TEST_F(CoreTest, DatagramsOfAllSizesAreRecordsOneBehindTheOther)
{
    const Held server = open(alice, socket_datagram);
    EXPECT_EQ(request(alice, NSREQ_BIND, with_address(server, 0, 53)), 0);
    const size_t slabs = fake_net::free_heap_slabs();
    const NetAddress from{0x0A000203, 9, 0};
    std::vector<std::string> frames;
    std::string expected;
    for (size_t i = 0; i < 200; i++) {                  // more than a block of memory takes
        const std::string data(i % 50 == 0 ? 1400 : i % 20, static_cast<char>('A' + i % 26));
        frames.push_back(datagram(3, 9, 53, data));
        expected += record(from, data);
    }
    fake_net::receive_frames(frames);
    std::string taken;
    SocketRequest many = with_size(server, 4000);
    many.flags = request_many | request_no_wait;
    while (taken.size() < expected.size()) {
        const auto count = request(alice, NSREQ_RECV, many, {}, 2);
        ASSERT_GT(count, 0);
        const std::string bytes = fake_net::answered_bytes(alice, 4000);
        size_t used = 0;
        for (int32_t i = 0; i < *count; i++) {
            DatagramRecord header;
            memcpy(&header, bytes.data() + used, sizeof header);
            used += header.whole();
        }
        ASSERT_LE(used, 4000u);
        taken += bytes.substr(0, used);
    }
    EXPECT_EQ(taken, expected) << "and nothing of others fills them up";
    EXPECT_EQ(request(alice, NSREQ_RECV, many, {}, 2), not_done);
    EXPECT_EQ(fake_net::free_heap_slabs(), slabs);
}

TEST_F(CoreTest, ASocketKeeps512DatagramsAndAsManyBytesAsItsBuffer)
{
    const Held server = open(alice, socket_datagram);
    EXPECT_EQ(request(alice, NSREQ_BIND, with_address(server, 0, 53)), 0);
    const auto kept_of = [&](size_t size) {
        fake_net::receive_frames(std::vector(600, datagram(3, 9, 53, std::string(size, 'x'))));
        SocketRequest many = with_size(server, 8000);
        many.flags = request_many | request_no_wait;
        int32_t kept = 0;
        for (auto count = request(alice, NSREQ_RECV, many, {}, 2); count > 0;
             count = request(alice, NSREQ_RECV, many, {}, 2)) {
            kept += *count;
        }
        return kept;
    };
    EXPECT_EQ(kept_of(1), 512);
    EXPECT_EQ(kept_of(512), 128 * 1024 / 512);
    EXPECT_EQ(kept_of(1400), 128 * 1024 / 1400);
}

TEST_F(CoreTest, NonsenseInRecordsAndBatchesIsAnError)
{
    const Held socket = open(bob, socket_datagram);
    std::string data = record({loop_back, 53, 0}, "x");
    for (const uint32_t size : {2u, 9u, 0x7FFFFFFFu, 0xFFFFFFFFu, 0xFFFFFFE0u}) {
        memcpy(data.data() + offsetof(DatagramRecord, size), &size, sizeof size);
        SocketRequest many = with_size(socket, sizeof(DatagramRecord) + 1);
        many.flags = request_many | request_has_address;
        EXPECT_EQ(request(bob, NSREQ_SEND, many, data), to_abi(Error::invalid_argument)) << size;
    }

    SocketRequest header;
    for (const uint32_t count : {57u, 257u, 0x10000000u, 0xFFFFFFFFu}) {
        header.argument[0] = count;                     // more than a page holds
        EXPECT_EQ(request(bob, NSREQ_BATCH, header), to_abi(Error::invalid_argument)) << count;
    }
    header.argument[0] = 0;
    EXPECT_EQ(request(bob, NSREQ_BATCH, header, {}, 1, false), to_abi(Error::invalid_argument));

    for (const uint32_t code : {NSREQ_BATCH, NSREQ_SOCKET, NSREQ_RESOLVE, 99u}) {
        Batch batch;
        batch.add(code, about(socket), true);
        EXPECT_EQ(batch.submit(bob), 1);
        EXPECT_EQ(Batch::answered(bob, 0).result, to_abi(Error::not_supported));
    }
    for (const uint32_t offset : {8192u, 8191u, 0xFFFFFFFFu, 0x80000000u}) {
        Batch batch;
        batch.add(NSREQ_SEND, with_size(socket, 2), true, offset);
        EXPECT_EQ(batch.submit(bob), 1) << offset;
        EXPECT_LT(Batch::answered(bob, 0).result, 0) << offset;
    }
    Batch other;
    SocketRequest wrong = about(socket);
    wrong.ticket++;
    other.add(NSREQ_RECV, wrong, false);
    EXPECT_EQ(other.submit(bob), 1);
    EXPECT_EQ(Batch::answered(bob, 0).result, to_abi(Error::bad_descriptor));
}

} // namespace
