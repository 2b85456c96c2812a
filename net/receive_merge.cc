#include "net/receive_merge.hh"

#include <span>

#include "inc/string.hh"
#include "lwip/pbuf.h"
#include "lwip/prot/ip4.h"
#include "lwip/prot/ip6.h"
#include "lwip/prot/tcp.h"

static uint8_t* bytes_of(const pbuf* frame) { return static_cast<uint8_t*>(frame->payload); }

template <typename Header> static Header& header_at(const pbuf* frame, size_t place)
{
    return *reinterpret_cast<Header*>(bytes_of(frame) + place);
}

static tcp_hdr& tcp_of(const pbuf* frame, const FrameHeaders& headers)
{
    return header_at<tcp_hdr>(frame, headers.transport);
}

static bool has_right_sums(const pbuf* frame, const FrameHeaders& headers)
{
    return has_right_sums({bytes_of(frame), frame->len}, headers);
}

uint32_t ReceiveMerge::Segment::payload() const { return headers.payload_bytes - TCP_HLEN; }

// Data and nothing else: no options of IP or TCP, and no flag that sets the segment apart, those
// included that lwIP does not know.
bool ReceiveMerge::find(pbuf* frame, Segment& segment)
{
    FrameHeaders& headers = segment.headers;
    if (!find_headers({bytes_of(frame), frame->len}, headers) || headers.protocol != protocol_tcp
        || !headers.is_whole() || headers.payload_bytes <= TCP_HLEN
        || headers.transport != headers.ip_start + (headers.is_ipv6 ? IP6_HLEN : IP_HLEN)) {
        return false;
    }
    segment.frame = frame;
    constexpr uint32_t plain = (TCP_HLEN / 4) << 12 | TCP_ACK;
    return (lwip_ntohs(tcp_of(frame, headers)._hdrlen_rsvd_flags) & ~uint32_t{TCP_PSH}) == plain;
}

// Whether a segment is the connection's next, and its headers say nothing new but how much the peer
// has received and would receive.
bool ReceiveMerge::follows(const Segment& next) const
{
    const Segment& first = segments_[0];
    const auto equal = [&](size_t from, size_t to) {
        return memcmp(bytes_of(first.frame) + from, bytes_of(next.frame) + from, to - from) == 0;
    };
    const bool same_connection = next.headers.is_ipv6
        ? equal(0, 18) && equal(20, 58)                     // all but the length, up to the ports
        : equal(0, 16) && equal(20, 24) && equal(26, 38);   // nor identification, checksum
    const tcp_hdr& tcp = tcp_of(next.frame, next.headers);
    const tcp_hdr& last = tcp_of(segments_[count_ - 1].frame, first.headers);
    return same_connection
        && lwip_ntohl(tcp.seqno) == lwip_ntohl(tcp_of(first.frame, first.headers).seqno) + payload_
        && static_cast<int32_t>(lwip_ntohl(tcp.ackno) - lwip_ntohl(last.ackno)) >= 0;
}

bool ReceiveMerge::append(const Segment& next)
{
    if (count_ == 0 || count_ == max_segments
        || payload_ + next.payload() > max_segments * TCP_MSS || !follows(next)) {
        return false;
    }
    const Segment& last = segments_[count_ - 1];
    const bool is_pushed = (TCPH_FLAGS(&tcp_of(last.frame, last.headers)) & TCP_PSH) != 0;
    if (is_pushed || !has_right_sums(next.frame, next.headers)
        || (count_ == 1 && !has_right_sums(last.frame, last.headers))) {
        return false;
    }
    segments_[count_++] = next;
    payload_ += next.payload();
    return true;
}

void ReceiveMerge::begin(const Segment& first)
{
    segments_[0] = first;
    count_ = 1;
    payload_ = first.payload();
}

// Makes the first segment's headers those of all.
void ReceiveMerge::write_header()
{
    const Segment& first = segments_[0];
    const auto length = static_cast<uint16_t>(first.headers.payload_bytes - first.payload()
                                              + payload_);
    if (first.headers.is_ipv6) {
        IP6H_PLEN_SET(&header_at<ip6_hdr>(first.frame, first.headers.ip_start), length);
    } else {
        IPH_LEN_SET(&header_at<ip_hdr>(first.frame, first.headers.ip_start),
                    lwip_htons(static_cast<uint16_t>(IP_HLEN + length)));
    }
    tcp_hdr& tcp = tcp_of(first.frame, first.headers);
    const tcp_hdr& last = tcp_of(segments_[count_ - 1].frame, first.headers);
    tcp.ackno = last.ackno;
    tcp.wnd = last.wnd;
    tcp._hdrlen_rsvd_flags = last._hdrlen_rsvd_flags;
}

// Cuts the frame off where the segment ends: padding may follow.
void ReceiveMerge::Segment::cut_padding() const
{
    frame->len = frame->tot_len = static_cast<u16_t>(headers.transport + headers.payload_bytes);
}

// Joins from the end: each is put before a chain whose length is known.
void ReceiveMerge::join()
{
    write_header();
    segments_[0].cut_padding();
    pbuf* chain = nullptr;
    for (uint32_t i = count_ - 1; i > 0; i--) {
        const Segment& segment = segments_[i];
        segment.cut_padding();
        pbuf_remove_header(segment.frame, segment.headers.transport + size_t{TCP_HLEN});
        if (chain != nullptr) {
            pbuf_cat(segment.frame, chain);
        }
        chain = segment.frame;
    }
    pbuf_cat(segments_[0].frame, chain);
}

ReceiveMerge::Packet ReceiveMerge::take()
{
    const bool is_joined = count_ > 1;
    if (is_joined) {
        join();
    }
    count_ = 0;
    return {segments_[0].frame, is_joined};
}
