#include "user/iperf3/datagrams.hh"

#include "user/iperf3/protocol.hh"

namespace iperf {
namespace {

constexpr uint32_t us_per_s = 1'000'000;

} // namespace

void DatagramHead::write(std::span<char> datagram, bool wide) const
{
    put_number(datagram, static_cast<uint32_t>(sent_us / us_per_s));
    put_number(datagram.subspan(4), static_cast<uint32_t>(sent_us % us_per_s));
    if (wide) {
        put_number(datagram.subspan(8), static_cast<uint32_t>(number >> 32));
    }
    put_number(datagram.subspan(wide ? 12 : 8), static_cast<uint32_t>(number));
}

DatagramHead DatagramHead::read(std::span<const char> datagram, bool wide)
{
    DatagramHead head;
    head.sent_us = uint64_t{number_at(datagram)} * us_per_s + number_at(datagram.subspan(4));
    head.number = wide ? uint64_t{number_at(datagram.subspan(8))} << 32 : 0;
    head.number |= number_at(datagram.subspan(wide ? 12 : 8));
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
