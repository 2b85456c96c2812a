// When a stream of limited rate may send. No system calls.
#pragma once
#include <cstdint>

#include "user/iperf3/protocol.hh"

namespace iperf {

// Bursts of blocks fall due at equal distances. Who comes late sends what has fallen due meanwhile,
// so that the rate is right on average however coarse the clock is.
class Pacer {
public:
    // 0 bits per second: there is no limit.
    void start(uint64_t bits_per_second, uint32_t block_bytes, uint32_t burst_blocks,
               uint64_t now_us)
    {
        constexpr uint64_t ns_per_s = 1'000'000'000;
        static_assert(UINT64_MAX / ns_per_s / 8 / max_block_bytes >= max_burst_blocks);
        const uint64_t burst_bits = uint64_t{block_bytes} * 8 * burst_blocks;
        burst_ns_ = bits_per_second == 0 ? 0 : burst_bits * ns_per_s / bits_per_second;
        burst_bytes_ = left_ = burst_bits / 8;
        due_ns_ = now_us * 1000;
    }

    // How long until more is due; 0: it is.
    uint64_t us_until_due(uint64_t now_us) const
    {
        const uint64_t now_ns = now_us * 1000;
        return due_ns_ > now_ns ? (due_ns_ - now_ns + 999) / 1000 : 0;
    }

    // So much has been sent: a block, or a part of one.
    void sent(uint32_t bytes)
    {
        for (; bytes >= left_; left_ = burst_bytes_) {
            bytes -= static_cast<uint32_t>(left_);
            due_ns_ += burst_ns_;
        }
        left_ -= bytes;
    }

    // Nothing can be sent for the moment, so nothing is due until then.
    void pause_until(uint64_t then_us)
    {
        due_ns_ = due_ns_ < then_us * 1000 ? then_us * 1000 : due_ns_;
    }

private:
    uint64_t due_ns_ = 0, burst_ns_ = 0;
    uint64_t burst_bytes_ = 1, left_ = 1;       // in whole, and of this one still to be sent
};

} // namespace iperf
