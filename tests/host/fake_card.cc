#include "tests/host/fake_card.hh"

#include "tests/host/frame_bytes.hh"

namespace {

using namespace frame_bytes;

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
    set(one, offload.checksum_at, 2, fold(sum));
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
