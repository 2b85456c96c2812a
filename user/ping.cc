// Sends ICMP echo requests (RFC 792, RFC 4443) and times the replies:
// `ping [-c COUNT] [-i INTERVAL_MS] [-s BYTES] HOST`.
#include <algorithm>

#include "lib/args.hh"
#include "lib/lib.hh"

namespace {

struct EchoMessage {
    uint8_t type = 8;                   // echo request
    uint8_t code = 0;
    uint16_t checksum = 0;
    uint16_t identifier = 0;            // network byte order, as the next
    uint16_t sequence = 0;
};
static_assert(sizeof(EchoMessage) == 8);

constexpr uint8_t type_reply = 0, type_request6 = 128, type_reply6 = 129;
constexpr uint8_t next_header_icmp6 = 58;
constexpr size_t max_payload = 1400;
constexpr size_t max_ip_header = 60, ip6_header = 40;

struct Settings {
    unsigned long count = 4;
    unsigned long interval_ms = 1000;
    unsigned long payload = 56;
    Endpoint host{};
};

// Times in microseconds.
struct Statistics {
    unsigned long sent = 0, received = 0;
    uint64_t shortest = UINT64_MAX, longest = 0, sum = 0;

    void add(uint64_t time)
    {
        received++;
        shortest = std::min(shortest, time);
        longest = std::max(longest, time);
        sum += time;
    }
};

// RFC 1071, over an even number of bytes in network byte order.
uint16_t internet_checksum(const char* bytes, size_t size)
{
    uint32_t sum = 0;
    for (size_t i = 0; i + 1 < size; i += 2) {
        sum += static_cast<uint32_t>(static_cast<uint8_t>(bytes[i]) << 8 |
                                     static_cast<uint8_t>(bytes[i + 1]));
    }
    sum = (sum & 0xFFFF) + (sum >> 16);
    sum += sum >> 16;
    return htons(static_cast<uint16_t>(~sum));
}

Settings read_settings(int argc, char** argv)
{
    Settings settings;
    OptionParser options(argc, argv, "c:i:s:");
    bool good = true;
    while (const int option = options.next()) {
        switch (option) {
        case 'c': good &= parse_count(options.value(), 1'000'000, settings.count); break;
        case 'i': good &= parse_count(options.value(), 3'600'000, settings.interval_ms); break;
        case 's': good &= parse_count(options.value(), max_payload, settings.payload); break;
        default: good = false;
        }
    }
    const int operand = options.first_operand();
    if (!good || operand + 1 != argc) {
        fprintf(2, "usage: ping [-c COUNT] [-i INTERVAL_MS] [-s BYTES] HOST\n");
        exit(2);
    }
    if (const int result = resolve(argv[operand], AF_UNSPEC, &settings.host); result < 0) {
        fprintf(2, "ping: %s: %s\n", argv[operand], error_text(result));
        exit(2);
    }
    settings.payload = round_up(settings.payload, 2);
    return settings;
}

class Pinger {
public:
    Pinger(const Settings& settings, int socket)
        : settings_(settings), socket_(socket), ip6_(settings.host.family() == AF_INET6),
          identifier_(htons(static_cast<uint16_t>(thisenv->env_id)))
    {
    }
    Statistics run();

private:
    void send_request(uint16_t sequence);
    void receive_until(uint64_t end);
    void take_reply(const char* packet, size_t size);

    const Settings& settings_;
    int socket_;
    bool ip6_;
    uint16_t identifier_;
    uint16_t sequence_ = 0;
    uint64_t sent_at_ = 0;
    bool answered_ = false;
    Statistics statistics_{};
};

Statistics Pinger::run()
{
    constexpr uint64_t last_wait_us = 1'000'000;
    for (unsigned long i = 1; i <= settings_.count; i++) {
        send_request(static_cast<uint16_t>(i));
        const uint64_t wait = i < settings_.count ? settings_.interval_ms * 1000 : last_wait_us;
        receive_until(sent_at_ + wait);
    }
    return statistics_;
}

void Pinger::send_request(uint16_t sequence)
{
    char packet[sizeof(EchoMessage) + max_payload + 1] = {};
    const size_t size = sizeof(EchoMessage) + settings_.payload;
    for (size_t i = sizeof(EchoMessage); i < size; i++) {
        packet[i] = static_cast<char>(i);
    }
    EchoMessage message;
    message.identifier = identifier_;
    message.sequence = htons(sequence);
    if (ip6_) {
        message.type = type_request6;   // the network server makes the checksum
    } else {
        memcpy(packet, &message, sizeof message);
        message.checksum = internet_checksum(packet, size);
    }
    memcpy(packet, &message, sizeof message);

    sequence_ = sequence;
    answered_ = false;
    sent_at_ = sys_time_usec();
    statistics_.sent++;
    const int result =
        sendto(socket_, packet, size, 0, settings_.host.address(), settings_.host.size());
    if (result < 0) {
        printf("ping: cannot send: %s\n", error_text(result));
    }
}

// Takes replies until the time is over; the last request's reply ends the waiting.
void Pinger::receive_until(uint64_t end)
{
    const bool last = statistics_.sent == settings_.count;
    while (!(last && answered_)) {
        const uint64_t now = sys_time_usec();
        pollfd entry{socket_, POLLIN, 0};
        if (now >= end || poll(&entry, 1, static_cast<int>((end - now + 999) / 1000)) <= 0) {
            return;
        }
        char packet[max_ip_header + sizeof(EchoMessage) + max_payload + 1];
        const int size = recv(socket_, packet, sizeof packet, MSG_DONTWAIT);
        if (size > 0) {
            take_reply(packet, static_cast<size_t>(size));
        }
    }
}

void Pinger::take_reply(const char* packet, size_t size)
{
    const uint64_t time = sys_time_usec() - sent_at_;
    const size_t header = ip6_ ? ip6_header : static_cast<size_t>(packet[0] & 0x0F) * 4;
    EchoMessage reply;
    if (size < header + sizeof reply || (ip6_ && packet[6] != next_header_icmp6)) {
        return;
    }
    memcpy(&reply, packet + header, sizeof reply);
    if (reply.type != (ip6_ ? type_reply6 : type_reply) || reply.identifier != identifier_ ||
        reply.sequence != htons(sequence_) || answered_) {
        return;
    }
    answered_ = true;
    statistics_.add(time);
    printf("%zu bytes from %s: icmp_seq=%u ttl=%u time=%llu.%03llu ms\n", size - header,
           settings_.host.text(), sequence_, static_cast<unsigned>(packet[ip6_ ? 7 : 8] & 0xFF),
           time / 1000, time % 1000);
}

void report(const char* name, const Statistics& statistics)
{
    const unsigned long lost = statistics.sent - statistics.received;
    printf("--- %s ping statistics ---\n", name);
    printf("%lu packets transmitted, %lu received, %lu%% packet loss\n", statistics.sent,
           statistics.received, statistics.sent > 0 ? lost * 100 / statistics.sent : 0);
    if (statistics.received > 0) {
        const uint64_t mean = statistics.sum / statistics.received;
        printf("rtt min/avg/max = %llu.%03llu/%llu.%03llu/%llu.%03llu ms\n",
               statistics.shortest / 1000, statistics.shortest % 1000, mean / 1000, mean % 1000,
               statistics.longest / 1000, statistics.longest % 1000);
    }
}

} // namespace

void umain(int argc, char** argv)
{
    const Settings settings = read_settings(argc, argv);
    const int family = settings.host.family();
    const int raw = socket(family, SOCK_RAW, family == AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
    if (raw < 0) {
        fprintf(2, "ping: cannot open a raw socket: %s\n", error_text(raw));
        exit(1);
    }
    printf("PING %s: %lu data bytes\n", settings.host.text(), settings.payload);
    const Statistics statistics = Pinger(settings, raw).run();
    report(settings.host.text(), statistics);
    exit(statistics.sent == statistics.received ? 0 : 1);
}
