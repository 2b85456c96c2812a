#include "net/segment_merge.hh"

#include "inc/string.hh"
#include "lwip/pbuf.h"

// Positions in a frame with an IPv4 header without options.
static constexpr size_t ip_at = 14, ip_length_at = 16, ip_id_at = 18, ip_flags_at = 20,
    ip_checksum_at = 24, ip_source_at = 26, tcp_at = 34, sequence_at = 38, acknowledged_at = 42,
    flags_at = 47, window_at = 48, checksum_at = 50, urgent_at = 52, options_at = 54;
static constexpr uint8_t flag_fin = 1, flag_push = 8, flag_acknowledge = 16;

// Only a segment that no flag sets apart can have others behind it.
void SegmentMerge::begin(DescribedPacket& packet, uint32_t bytes, const FrameHeaders& headers)
{
    packet_ = nullptr;
    const auto* frame = reinterpret_cast<const uint8_t*>(packet.data);
    if (packet.offload.work != NetOffload::checksum || headers.is_ipv6
        || headers.transport != tcp_at || headers.protocol != protocol_tcp
        || frame[flags_at] != flag_acknowledge) {
        return;
    }
    headers_ = static_cast<uint32_t>(tcp_at) + (frame[tcp_at + 12] >> 4) * 4u;
    if (headers_ < options_at || bytes <= headers_ || tcp_at + headers.payload_bytes != bytes) {
        return;
    }
    packet_ = &packet;
    bytes_ = bytes;
    segment_ = bytes - headers_;
    segments_ = 1;
}

bool SegmentMerge::follows(const uint8_t* next, uint32_t payload) const
{
    const uint8_t* const last = first();
    const auto equal = [&](size_t from, size_t to) {
        return memcmp(last + from, next + from, to - from) == 0;
    };
    const uint32_t id = (number_at(last + ip_id_at, 2) + segments_) & 0xFFFF;
    const uint32_t sequence = number_at(last + sequence_at, 4) + segments_ * segment_;
    return number_at(next + sequence_at, 4) == sequence
        && number_at(next + ip_length_at, 2) == headers_ - ip_at + payload
        && number_at(next + ip_id_at, 2) == id && equal(0, ip_length_at)
        && equal(ip_flags_at, ip_checksum_at) && equal(ip_source_at, sequence_at)
        && equal(acknowledged_at, flags_at)
        && (next[flags_at] & ~(flag_push | flag_fin)) == flag_acknowledge
        && equal(window_at, checksum_at) && equal(urgent_at, headers_);
}

// Has the card cut the packet: it fills in what differs between segments.
void SegmentMerge::make_cut()
{
    NetOffload& offload = packet_->offload;
    offload.work |= NetOffload::segment_ipv4;
    offload.header_bytes = static_cast<uint16_t>(headers_);
    offload.segment_bytes = static_cast<uint16_t>(segment_);

    FrameHeaders found;
    found.protocol = protocol_tcp;
    const uint16_t sum = pseudo_header_sum({first(), headers_}, found, 0);
    memset(first() + ip_length_at, 0, 2);
    memset(first() + ip_checksum_at, 0, 2);
    memcpy(first() + checksum_at, &sum, sizeof(sum));
}

uint32_t SegmentMerge::append(const pbuf* frame, uint32_t room)
{
    if (packet_ == nullptr || frame->len < headers_ || frame->tot_len <= headers_) {
        return 0;
    }
    const auto* const next = static_cast<const uint8_t*>(frame->payload);
    const uint32_t payload = frame->tot_len - headers_;
    if (payload > segment_ || frame->tot_len < min_frame_bytes || bytes_ + payload > room
        || bytes_ + payload > max_segmented_bytes || segments_ == max_segments
        || !follows(next, payload)) {
        return 0;
    }
    if (segments_++ == 1) {
        make_cut();
    }
    pbuf_copy_partial(frame, first() + bytes_, static_cast<u16_t>(payload),
                      static_cast<u16_t>(headers_));
    bytes_ += payload;
    packet_->minus_length = -static_cast<int32_t>(bytes_);
    first()[flags_at] = next[flags_at];
    if (payload < segment_ || next[flags_at] != flag_acknowledge) {
        end();
    }
    return bytes_;
}
