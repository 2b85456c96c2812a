// Frames with TCP segments to the card of fake_platform.hh, from 10.0.2.2 or fe80::2.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "tests/host/frame_bytes.hh"

namespace fake_tcp {

using frame_bytes::get, frame_bytes::set;
using Frames = std::vector<std::string>;

inline constexpr uint8_t fin = 1, syn = 2, reset = 4, push = 8, ack = 16, urgent = 32;
inline constexpr size_t ethernet = 14, tcp_header = 20;
inline constexpr uint32_t full = 1460;

struct Fields {
    bool ipv6 = false;
    uint32_t sequence = 0xFFFFF000;     // it wraps around soon
    uint32_t payload = 100;             // bytes of stream()
    uint8_t flags = ack;
    uint32_t acknowledged = 1000;
    uint16_t window = 5000;
    uint16_t from = 4000, to = 80;
    std::string options = {};
    uint16_t step = 0;                  // of `acknowledged` and `window`, from one to the next
};
std::string segment(const Fields& fields);
// `count` segments that follow each other; the last is pushed.
Frames segments(uint32_t count, uint32_t payload, Fields fields = {});

// `count` bytes of what all connections carry: a byte depends on its sequence number alone.
std::string stream(uint32_t sequence, uint32_t count);

// The frame, its checksums right; it has no padding.
std::string sealed(std::string frame);

// Where TCP's header begins, where the data behind one without options, and where IP's length says
// that the packet ends.
bool is_ipv6(const std::string& frame);
size_t tcp_at(const std::string& frame);
size_t data_at(const std::string& frame);
size_t end_of(const std::string& frame);

} // namespace fake_tcp
