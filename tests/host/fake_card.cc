#include "tests/host/fake_card.hh"

#include <algorithm>

namespace {

uint32_t get(const std::string& frame, size_t at, size_t bytes)
{
    uint32_t value = 0;
    for (size_t i = 0; i < bytes; i++) {
        value = value << 8 | static_cast<uint8_t>(frame.at(at + i));
    }
    return value;
}

void set(std::string& frame, size_t at, size_t bytes, uint32_t value)
{
    while (bytes-- > 0) {
        frame.at(at + bytes) = static_cast<char>(value);
        value >>= 8;
    }
}

// RFC 1071; what is at `at` counts.
void put_sum(std::string& frame, size_t from, size_t to, size_t at)
{
    uint64_t sum = 0;
    for (size_t i = from; i < to; i++) {
        sum += uint64_t{static_cast<uint8_t>(frame.at(i))} << ((i - from) % 2 == 0 ? 8 : 0);
    }
    while (sum > 0xFFFF) {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    set(frame, at, 2, sum == 0xFFFF ? 0xFFFF : ~static_cast<uint32_t>(sum));
}

std::string segment(const std::string& frame, const NetOffload& offload, uint32_t number)
{
    const size_t begin = offload.header_bytes + size_t{number} * offload.segment_bytes;
    const size_t ip = offload.ip_start, tcp = offload.checksum_start;
    std::string one = frame.substr(0, offload.header_bytes)
        + frame.substr(begin, offload.segment_bytes);
    set(one, ip + 2, 2, static_cast<uint32_t>(one.size() - ip));
    set(one, ip + 4, 2, get(one, ip + 4, 2) + number);
    put_sum(one, ip, tcp, ip + 10);
    set(one, tcp + 4, 4, get(one, tcp + 4, 4) + number * offload.segment_bytes);
    if (begin + offload.segment_bytes < frame.size()) {
        set(one, tcp + 13, 1, get(one, tcp + 13, 1) & ~9u);     // FIN, PSH
    }
    const uint32_t sum =
        get(one, offload.checksum_at, 2) + static_cast<uint32_t>(one.size() - tcp);
    set(one, offload.checksum_at, 2, (sum & 0xFFFF) + (sum >> 16));
    put_sum(one, tcp, one.size(), offload.checksum_at);
    return one;
}

}  // namespace

std::vector<std::string> fake::finish(const std::string& frame, const NetOffload& offload)
{
    std::vector<std::string> frames;
    if (!offload.segments()) {
        frames.push_back(frame);
        if (offload.work != 0) {
            put_sum(frames[0], offload.checksum_start, frame.size(), offload.checksum_at);
        }
        return frames;
    }
    const size_t payload = frame.size() - offload.header_bytes;
    for (uint32_t i = 0; i * size_t{offload.segment_bytes} < payload; i++) {
        frames.push_back(segment(frame, offload, i));
    }
    return frames;
}
