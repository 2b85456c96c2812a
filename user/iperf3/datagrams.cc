#include "user/iperf3/datagrams.hh"

namespace iperf {
namespace {

// Numbers of 32 bits, most significant byte first.
void put(std::span<char> to, uint32_t value)
{
    for (size_t i = 0; i < 4; i++) {
        to[i] = static_cast<char>(value >> (24 - 8 * i));
    }
}

uint32_t get(std::span<const char> from)
{
    uint32_t value = 0;
    for (size_t i = 0; i < 4; i++) {
        value = value << 8 | static_cast<unsigned char>(from[i]);
    }
    return value;
}

constexpr uint32_t us_per_s = 1'000'000;

} // namespace

void DatagramHead::write(std::span<char> datagram, bool wide) const
{
    put(datagram.subspan(0, 4), static_cast<uint32_t>(sent_us / us_per_s));
    put(datagram.subspan(4, 4), static_cast<uint32_t>(sent_us % us_per_s));
    if (wide) {
        put(datagram.subspan(8, 4), static_cast<uint32_t>(number >> 32));
    }
    put(datagram.subspan(wide ? 12 : 8, 4), static_cast<uint32_t>(number));
}

DatagramHead DatagramHead::read(std::span<const char> datagram, bool wide)
{
    DatagramHead head;
    head.sent_us = uint64_t{get(datagram.subspan(0, 4))} * us_per_s + get(datagram.subspan(4, 4));
    head.number = wide ? uint64_t{get(datagram.subspan(8, 4))} << 32 : 0;
    head.number |= get(datagram.subspan(wide ? 12 : 8, 4));
    return head;
}

// A number that is missing counts as lost until it comes after all. Jitter as RFC 3550, 6.4.1 has
// it: a running mean of how much the time on the way differs from one datagram to the next.
void DatagramCounter::count(const DatagramHead& head, uint64_t now_us)
{
    if (head.number > highest_) {
        lost_ += head.number - highest_ - 1;
        highest_ = head.number;
    } else {
        out_of_order_++;
        lost_ -= lost_ > 0 ? 1 : 0;
    }
    const uint64_t transit = now_us - head.sent_us;
    if (has_transit_) {
        const auto change = static_cast<int64_t>(transit - transit_);
        const uint64_t distance = change < 0 ? 0 - static_cast<uint64_t>(change)
                                             : static_cast<uint64_t>(change);
        jitter_ += distance;
        jitter_ -= (jitter_ - distance + 8) / 16;
    }
    transit_ = transit;
    has_transit_ = true;
}

} // namespace iperf
