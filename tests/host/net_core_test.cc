// The network server's core: sockets over lwIP, clients that misbehave, frames that are damaged.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>

#include "inc/error.hh"
#include "tests/host/fake_platform.hh"

namespace {

using fake_net::Held;
using fake_net::request;
using fake_net::take_answer;

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
    Held open(int32_t client, uint32_t type)
    {
        SocketRequest header;
        header.argument[0] = type;
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

TEST_F(CoreTest, ConnectToNobodyTimesOut)
{
    const Held socket = open(bob, socket_stream);
    EXPECT_EQ(request(bob, NSREQ_CONNECT, with_address(socket, 0x0A000263, 9)), std::nullopt);
    fake_net::pass_time(300000);
    EXPECT_EQ(take_answer(bob), to_abi(Error::timed_out));
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
        request(static_cast<int32_t>(0x1000 + random() % 20), random() % 24, header, noise,
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

// A frame to us from 10.0.2.2, its IP and TCP checksums right.
std::string tcp_frame(const std::string& options, uint8_t flags, uint16_t port)
{
    const auto sum = [](const std::string& data, uint32_t start) {
        uint32_t total = start;
        for (size_t i = 0; i < data.size(); i += 2) {
            const auto low = i + 1 < data.size() ? static_cast<uint8_t>(data[i + 1]) : 0;
            total += static_cast<uint32_t>((static_cast<uint8_t>(data[i]) << 8) | low);
        }
        while (total > 0xFFFF) {
            total = (total & 0xFFFF) + (total >> 16);
        }
        return static_cast<uint16_t>(~total);
    };
    const auto put = [](std::string& data, size_t at, uint16_t value) {
        data[at] = static_cast<char>(value >> 8);
        data[at + 1] = static_cast<char>(value);
    };
    const std::string addresses("\x0a\x00\x02\x02\x0a\x00\x02\x0f", 8);
    std::string tcp(20, '\0');
    put(tcp, 0, 4000);
    put(tcp, 2, port);
    tcp[12] = static_cast<char>((5 + options.size() / 4) << 4);
    tcp[13] = static_cast<char>(flags);
    put(tcp, 14, 1000);
    tcp += options;
    put(tcp, 16, sum(addresses + tcp, static_cast<uint32_t>(6 + tcp.size())));
    std::string ip("\x45\x00\x00\x00\x00\x00\x00\x00\x40\x06\x00\x00", 12);
    ip += addresses;
    put(ip, 2, static_cast<uint16_t>(20 + tcp.size()));
    put(ip, 10, sum(ip, 0));
    return std::string("\x52\x54\x00\x12\x34\x56\x52\x55\x0a\x00\x02\x02\x08\x00", 14) + ip + tcp;
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

} // namespace
