// The benchmark's clients, on the host. Each works for some seconds and prints one line of JSON:
// {"value": what the row measures, "done": how often, "failed": ..., "lost": ..., "seconds": ...}.
//
//     clients tcp-echo HOST PORT SECONDS              round trips of one byte per second
//     clients connect HOST PORT SECONDS               connections opened and closed per second
//     clients pages HOST PORT SECONDS CLIENTS PATH FILE   pages per second, a connection each,
//                                                     compared with FILE
//     clients download HOST PORT SECONDS PATH FILE    MB per second, compared with FILE
//     clients udp-echo HOST PORT SECONDS SIZE WINDOW  datagrams echoed per second
//     clients stream HOST PORT SECONDS                MB per second each way through the echo
//     clients sink HOST PORT SECONDS SIZE             datagrams the guest's program took per
//                                                     second ("offered": sent to it)
//     clients ping HOST 0 SECONDS WINDOW              echo replies per second (needs raw sockets)
//     clients frames DEVICE 0 SECONDS SIZE MAC        frames the device took per second, of a type
//                                                     that no system knows (needs raw sockets)
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
constexpr int patience_seconds = 10;        // for an answer; then it counts as failed

struct Tally {
    std::atomic<uint64_t> done{0}, failed{0}, lost{0};
};
Tally tally;

sockaddr_in guest{};
double seconds = 0;
Clock::time_point begin;

double elapsed() { return std::chrono::duration<double>(Clock::now() - begin).count(); }
bool time_is_left() { return elapsed() < seconds; }

[[noreturn]] void fail(const char* what)
{
    std::fprintf(stderr, "clients: %s: %s\n", what, std::strerror(errno));
    std::exit(1);
}

// `took`: seconds of work.
void report(double value, double took, double offered = 0)
{
    std::printf("{\"value\": %.3f, \"done\": %llu, \"failed\": %llu, \"lost\": %llu, "
                "\"seconds\": %.3f, \"offered\": %.3f}\n",
                value, static_cast<unsigned long long>(tally.done),
                static_cast<unsigned long long>(tally.failed),
                static_cast<unsigned long long>(tally.lost), took, offered);
}

void report_rate(double scale = 1)
{
    const double took = elapsed();
    report(static_cast<double>(tally.done) * scale / took, took);
}

// A socket with limits on how long it waits, closed at the end.
class Socket {
public:
    explicit Socket(int type, int protocol = 0) : number_(socket(AF_INET, type, protocol))
    {
        if (number_ < 0) {
            fail("socket");
        }
        const timeval limit{patience_seconds, 0};
        const int room = 4 << 20;
        setsockopt(number_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        setsockopt(number_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
        if (type != SOCK_STREAM) {
            setsockopt(number_, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
        }
    }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    ~Socket() { close(number_); }

    int number() const { return number_; }
    bool connect_to(const sockaddr_in& address) const
    {
        const int on = 1;
        setsockopt(number_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        return connect(number_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    }
    bool send_all(const char* data, size_t size) const
    {
        while (size > 0) {
            const ssize_t sent = send(number_, data, size, MSG_NOSIGNAL);
            if (sent <= 0) {
                return false;
            }
            data += sent;
            size -= static_cast<size_t>(sent);
        }
        return true;
    }
    bool send_all(const std::string& text) const { return send_all(text.data(), text.size()); }
    // Everything up to the end of the connection; false if it breaks.
    bool receive_rest(std::string& text) const
    {
        char buffer[1 << 16];
        for (;;) {
            const ssize_t count = recv(number_, buffer, sizeof buffer, 0);
            if (count <= 0) {
                return count == 0;
            }
            text.append(buffer, static_cast<size_t>(count));
        }
    }

private:
    int number_;
};

std::string read_file(const char* path)
{
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        fail(path);
    }
    return {std::istreambuf_iterator<char>(file), {}};
}

void tcp_echo()
{
    const Socket connection(SOCK_STREAM);
    if (!connection.connect_to(guest)) {
        fail("connect");
    }
    for (uint8_t number = 0; time_is_left(); number++) {
        char sent = static_cast<char>(number), received = 0;
        if (!connection.send_all(&sent, 1) || recv(connection.number(), &received, 1, 0) != 1
            || received != sent) {
            tally.failed++;
            break;
        }
        tally.done++;
    }
    report_rate();
}

void connect_and_close()
{
    while (time_is_left()) {
        const Socket connection(SOCK_STREAM);
        (connection.connect_to(guest) ? tally.done : tally.failed)++;
    }
    report_rate();
}

// One page over a connection of its own, whose body must be `wanted`.
bool get_page(const std::string& path, const std::string& wanted)
{
    const Socket connection(SOCK_STREAM);
    std::string answer;
    if (!connection.connect_to(guest)
        || !connection.send_all("GET " + path
                                + " HTTP/1.1\r\nHost: guest\r\nConnection: close\r\n\r\n")
        || !connection.receive_rest(answer)) {
        return false;
    }
    const size_t end = answer.find("\r\n\r\n");
    return answer.compare(0, 13, "HTTP/1.1 200 ") == 0 && end != std::string::npos
        && answer.compare(end + 4, std::string::npos, wanted) == 0;
}

void pages(int clients, const std::string& path, const std::string& wanted)
{
    std::vector<std::thread> threads;
    for (int i = 0; i < clients; i++) {
        threads.emplace_back([&] {
            while (time_is_left()) {
                (get_page(path, wanted) ? tally.done : tally.failed)++;
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    report_rate();
}

void download(const std::string& path, const std::string& wanted)
{
    while (time_is_left()) {
        (get_page(path, wanted) ? tally.done : tally.failed)++;
    }
    report_rate(static_cast<double>(wanted.size()) / 1e6);
}

// Keeps `window` datagrams on the way; one that does not come back in a second is lost.
void udp_echo(size_t size, size_t window)
{
    const Socket connection(SOCK_DGRAM);
    if (!connection.connect_to(guest)) {
        fail("connect");
    }
    std::set<uint64_t> outstanding;
    std::vector<char> datagram(std::max(size, sizeof(uint64_t)));
    std::vector<char> answer(65536);
    uint64_t next = 0;
    while (time_is_left()) {
        while (outstanding.size() < window) {
            std::memcpy(datagram.data(), &next, sizeof next);
            if (send(connection.number(), datagram.data(), datagram.size(), 0) < 0) {
                break;
            }
            outstanding.insert(next++);
        }
        pollfd ready{connection.number(), POLLIN, 0};
        if (poll(&ready, 1, 1000) == 0) {
            tally.lost += outstanding.size();
            outstanding.clear();
            continue;
        }
        const ssize_t count = recv(connection.number(), answer.data(), answer.size(), 0);
        uint64_t number = 0;
        std::memcpy(&number, answer.data(), sizeof number);
        if (count != static_cast<ssize_t>(datagram.size()) || outstanding.erase(number) == 0) {
            tally.failed++;
        } else {
            tally.done++;
        }
    }
    report_rate();
}

// A byte of the endless text that goes through the echo, by its place.
char byte_at(uint64_t place) { return static_cast<char>((place * 2654435761u) >> 16); }

void stream()
{
    const Socket connection(SOCK_STREAM);
    if (!connection.connect_to(guest)) {
        fail("connect");
    }
    constexpr size_t piece = 1 << 16;
    std::thread sender([&] {
        std::vector<char> buffer(piece);
        for (uint64_t place = 0; time_is_left(); place += piece) {
            for (size_t i = 0; i < piece; i++) {
                buffer[i] = byte_at(place + i);
            }
            if (!connection.send_all(buffer.data(), piece)) {
                tally.failed++;
                break;
            }
        }
        shutdown(connection.number(), SHUT_WR);
    });
    std::vector<char> buffer(piece);
    uint64_t place = 0;
    for (ssize_t count; (count = recv(connection.number(), buffer.data(), piece, 0)) != 0;) {
        if (count < 0) {
            tally.failed++;
            break;
        }
        for (ssize_t i = 0; i < count; i++) {
            if (buffer[static_cast<size_t>(i)] != byte_at(place++)) {
                tally.failed++;
                count = 0;
            }
        }
    }
    const double took = elapsed();
    sender.join();
    tally.done = place;
    report(static_cast<double>(place) / took / 1e6, took);
}

// How many datagrams the guest has taken, as its discard server says.
uint64_t taken_by_guest()
{
    const Socket connection(SOCK_STREAM);
    std::string text;
    if (!connection.connect_to(guest) || !connection.receive_rest(text) || text.empty()) {
        fail("the count of the discard server");
    }
    return std::strtoull(text.c_str(), nullptr, 10);
}

// Sends the same packet as fast as the host can, many a system call; returns how many.
uint64_t flood(int socket, const std::vector<char>& packet)
{
    constexpr unsigned batch = 64;
    std::vector<char> content = packet;
    iovec piece{content.data(), content.size()};
    mmsghdr messages[batch] = {};
    for (mmsghdr& message : messages) {
        message.msg_hdr.msg_iov = &piece;
        message.msg_hdr.msg_iovlen = 1;
    }
    uint64_t sent = 0;
    while (time_is_left()) {
        const int count = sendmmsg(socket, messages, batch, 0);
        if (count < 0 && errno != ENOBUFS && errno != EAGAIN) {
            fail("sendmmsg");
        }
        sent += count > 0 ? static_cast<uint64_t>(count) : 0;
        if (count < static_cast<int>(batch)) {      // the device's queue of 1,000 is full
            std::this_thread::sleep_for(std::chrono::microseconds(100));
        }
    }
    return sent;
}

void sink(size_t size)
{
    const Socket connection(SOCK_DGRAM);
    if (!connection.connect_to(guest)) {
        fail("connect");
    }
    const uint64_t before = taken_by_guest();
    begin = Clock::now();
    const uint64_t sent = flood(connection.number(), std::vector<char>(size, 'x'));
    const double took = elapsed();
    tally.done = taken_by_guest() - before;
    report(static_cast<double>(tally.done) / took, took, static_cast<double>(sent) / took);
}

// Frames for the station `mac` on a network device, of the type for local experiments.
void frames(const char* device, size_t size, const char* mac)
{
    std::vector<char> frame(std::max(size, sizeof(ether_header)), 0);
    auto* const header = reinterpret_cast<ether_header*>(frame.data());
    uint8_t* const to = header->ether_dhost;
    if (std::sscanf(mac, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &to[0], &to[1], &to[2], &to[3], &to[4],
                    &to[5]) != 6) {
        fail(mac);
    }
    header->ether_shost[0] = 2;             // locally administered
    header->ether_type = htons(0x88B5);
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_ifindex = static_cast<int>(if_nametoindex(device));
    const int raw = socket(AF_PACKET, SOCK_RAW, 0);
    const int on = 1;
    setsockopt(raw, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on);
    if (raw < 0 || bind(raw, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        fail(device);
    }
    tally.done = flood(raw, frame);
    report_rate();
    close(raw);
}

uint16_t checksum(const uint8_t* data, size_t size)
{
    uint32_t sum = 0;
    for (size_t i = 0; i + 1 < size; i += 2) {
        sum += static_cast<uint32_t>(data[i] << 8 | data[i + 1]);
    }
    while (sum >> 16 != 0) {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    return static_cast<uint16_t>(~sum);
}

void ping(size_t window)
{
    const Socket raw(SOCK_RAW, IPPROTO_ICMP);
    if (!raw.connect_to(guest)) {
        fail("connect");
    }
    const auto id = static_cast<uint16_t>(getpid());
    uint8_t packet[64] = {};
    uint16_t next = 0;
    size_t outstanding = 0;
    while (time_is_left()) {
        for (; outstanding < window; outstanding++) {
            packet[0] = ICMP_ECHO;
            packet[2] = packet[3] = 0;
            packet[4] = static_cast<uint8_t>(id >> 8);
            packet[5] = static_cast<uint8_t>(id);
            packet[6] = static_cast<uint8_t>(next >> 8);
            packet[7] = static_cast<uint8_t>(next);
            next++;
            const uint16_t sum = checksum(packet, sizeof packet);
            packet[2] = static_cast<uint8_t>(sum >> 8);
            packet[3] = static_cast<uint8_t>(sum);
            if (send(raw.number(), packet, sizeof packet, 0) < 0) {
                break;
            }
        }
        pollfd ready{raw.number(), POLLIN, 0};
        if (poll(&ready, 1, 1000) == 0) {
            tally.lost += outstanding;
            outstanding = 0;
            continue;
        }
        uint8_t answer[256];
        const ssize_t count = recv(raw.number(), answer, sizeof answer, 0);
        const size_t head = static_cast<size_t>(answer[0] & 0xF) * 4;
        if (count == static_cast<ssize_t>(head + sizeof packet) && answer[head] == ICMP_ECHOREPLY
            && (answer[head + 4] << 8 | answer[head + 5]) == id) {
            tally.done++;
            outstanding -= outstanding > 0 ? 1 : 0;
        }
    }
    report_rate();
}

}   // namespace

int main(int argc, char** argv)
{
    const std::string what = argc > 4 ? argv[1] : "";
    const auto number = [&](int index) {
        return argc > index ? static_cast<size_t>(std::atoi(argv[index])) : 0;
    };
    const auto text = [&](int index) { return argc > index ? argv[index] : ""; };
    if (argc > 4) {
        guest.sin_family = AF_INET;
        guest.sin_port = htons(static_cast<uint16_t>(std::atoi(argv[3])));
        inet_pton(AF_INET, argv[2], &guest.sin_addr);
        seconds = std::atof(argv[4]);
    }
    begin = Clock::now();
    if (what == "tcp-echo") {
        tcp_echo();
    } else if (what == "connect") {
        connect_and_close();
    } else if (what == "pages" && argc == 8) {
        pages(static_cast<int>(number(5)), text(6), read_file(text(7)));
    } else if (what == "download" && argc == 7) {
        download(text(5), read_file(text(6)));
    } else if (what == "udp-echo" && argc == 7) {
        udp_echo(number(5), number(6));
    } else if (what == "stream") {
        stream();
    } else if (what == "sink" && argc == 6) {
        sink(number(5));
    } else if (what == "frames" && argc == 7) {
        frames(argv[2], number(5), argv[6]);
    } else if (what == "ping" && argc == 6) {
        ping(number(5));
    } else {
        std::fprintf(stderr, "usage: clients WHAT HOST PORT SECONDS ...: see clients.cc\n");
        return 2;
    }
    return 0;
}
