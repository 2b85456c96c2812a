// The head of each datagram of a test, and what the receiver sees by it: loss, order, jitter. No
// system calls.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace iperf {

struct DatagramHead {
    uint64_t sent_us = 0;               // by the sender's clock
    uint64_t number = 0;                // from 1

    static constexpr size_t bytes(bool wide) { return wide ? 16 : 12; }
    // Nothing is written or read beyond bytes(wide), which must be there.
    void write(std::span<char> datagram, bool wide) const;
    static DatagramHead read(std::span<const char> datagram, bool wide);
};

// What has arrived of one stream.
class DatagramCounter {
public:
    void count(const DatagramHead& head, uint64_t now_us);

    uint64_t sent() const { return highest_; }          // as far as we can know
    uint64_t lost() const { return lost_; }
    uint64_t out_of_order() const { return out_of_order_; }     // or doubled
    uint64_t jitter_us() const { return jitter_ / 16; }

private:
    uint64_t highest_ = 0;              // number
    uint64_t lost_ = 0, out_of_order_ = 0;
    uint64_t jitter_ = 0;               // sixteenths of a microsecond
    uint64_t transit_ = 0;              // of the last one: wraps, as the clocks differ
    bool has_transit_ = false;
};

} // namespace iperf
