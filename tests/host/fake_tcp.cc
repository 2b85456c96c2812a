#include "tests/host/fake_tcp.hh"

namespace fake_tcp {

bool is_ipv6(const std::string& frame) { return get(frame, 12, 2) == 0x86DD; }
size_t tcp_at(const std::string& frame) { return ethernet + (is_ipv6(frame) ? 40 : 20); }
size_t data_at(const std::string& frame) { return tcp_at(frame) + tcp_header; }

size_t end_of(const std::string& frame)
{
    return is_ipv6(frame) ? tcp_at(frame) + get(frame, 18, 2) : ethernet + get(frame, 16, 2);
}

std::string stream(uint32_t sequence, uint32_t count)
{
    std::string bytes(count, 0);
    for (uint32_t i = 0; i < count; i++) {
        bytes[i] = static_cast<char>((sequence + i) * 7 + ((sequence + i) >> 8));
    }
    return bytes;
}

std::string sealed(std::string frame)
{
    const size_t tcp = tcp_at(frame);
    if (!is_ipv6(frame)) {
        set(frame, 24, 2, 0);
        frame_bytes::put_sum(frame, ethernet, tcp, 24);
    }
    std::string summed = is_ipv6(frame) ? frame.substr(22, 32) : frame.substr(26, 8);
    summed += std::string(4, 0);
    set(summed, summed.size() - 4, 4, 6u << 16 | static_cast<uint32_t>(frame.size() - tcp));
    set(frame, tcp + 16, 2, 0);
    summed += frame.substr(tcp);
    set(frame, tcp + 16, 2, ~frame_bytes::sum_of(summed, 0, summed.size()));
    return frame;
}

std::string segment(const Fields& fields)
{
    const size_t bytes = tcp_header + fields.options.size() + fields.payload;
    std::string frame = std::string("\x52\x54\x00\x12\x34\x56\x52\x55\x0a\x00\x02\x02", 12);
    if (fields.ipv6) {
        const std::string network("\xfe\x80\0\0\0\0\0\0", 8);
        frame += std::string("\x86\xdd\x60\0\0\0\0\0\6\x40", 10);
        set(frame, 18, 2, static_cast<uint32_t>(bytes));
        frame += network + std::string("\0\0\0\0\0\0\0\2", 8);
        frame += network + std::string("\x50\x54\0\xff\xfe\x12\x34\x56", 8);
    } else {
        frame += std::string("\x08\x00\x45\0\0\0\0\0\0\0\x40\6\0\0\x0a\0\2\2\x0a\0\2\x0f", 22);
        set(frame, 16, 2, static_cast<uint32_t>(20 + bytes));
        set(frame, 18, 2, fields.sequence >> 4);        // identification: any
    }
    const size_t at = frame.size();
    frame.resize(at + tcp_header);
    set(frame, at, 4, uint32_t{fields.from} << 16 | fields.to);
    set(frame, at + 4, 4, fields.sequence);
    set(frame, at + 8, 4, fields.acknowledged);
    const auto words = static_cast<uint32_t>(5 + fields.options.size() / 4);
    set(frame, at + 12, 4, words << 28 | uint32_t{fields.flags} << 16 | fields.window);
    return sealed(frame + fields.options + stream(fields.sequence, fields.payload));
}

Frames segments(uint32_t count, uint32_t payload, Fields fields)
{
    Frames frames;
    fields.payload = payload;
    for (uint32_t i = 0; i < count; i++) {
        fields.flags = i + 1 < count ? ack : ack | push;
        frames.push_back(segment(fields));
        fields.sequence += payload;
        fields.acknowledged += fields.step;
        fields.window = static_cast<uint16_t>(fields.window + fields.step);
    }
    return frames;
}

} // namespace fake_tcp
