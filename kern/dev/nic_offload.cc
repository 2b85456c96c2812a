// What callers may ask a card to do to their frames. A description is a program's word: the card
// sums from and writes to where it says, and trusts it.
#include "kern/dev/nic.hh"

namespace {

constexpr size_t ethernet_header = 14, ipv4_header = 20, ipv6_header = 40, tcp_header = 20;
constexpr size_t max_header_bytes = 240;            // what all cards can count, and spare

// The checksum's field lies in what is summed, and in each frame that is sent.
bool is_sound_checksum(const NetOffload& offload, size_t bytes_of_all)
{
    return offload.checksum_start >= ethernet_header
        && offload.checksum_at >= offload.checksum_start
        && offload.checksum_at + sizeof(uint16_t) <= bytes_of_all;
}

// The headers are Ethernet's, IP's and TCP's, something follows them, and no segment is longer
// than a frame may be.
bool is_sound_segmentation(const NetOffload& offload, size_t bytes)
{
    const bool both = (offload.work & NetOffload::segment_ipv4) != 0
        && (offload.work & NetOffload::segment_ipv6) != 0;
    const size_t ip_header =
        (offload.work & NetOffload::segment_ipv4) != 0 ? ipv4_header : ipv6_header;
    const size_t header = offload.header_bytes, segment = offload.segment_bytes;
    return !both && (offload.work & NetOffload::checksum) != 0
        && offload.ip_start >= ethernet_header
        && offload.checksum_start >= offload.ip_start + ip_header
        && offload.checksum_at == offload.checksum_start + tcp_checksum_at
        && header >= offload.checksum_start + tcp_header && header <= max_header_bytes
        && bytes > header && bytes <= max_segmented_bytes
        && segment >= 1 && header + segment <= max_frame_bytes
        && (bytes - header - 1) / segment < max_segments;
}

}  // namespace

Result<void> nic_check_offload(const NetOffload& offload, size_t bytes, uint32_t offloads)
{
    const bool sums = (offload.work & NetOffload::checksum) != 0, cuts = offload.segments();
    const bool sound = (offload.work & ~NetOffload::all) == 0
        && (cuts ? is_sound_segmentation(offload, bytes) : bytes >= 1 && bytes <= max_frame_bytes)
        && (!sums || is_sound_checksum(offload, cuts ? offload.header_bytes : bytes));
    if (!sound) {
        return Error::invalid_argument;
    }
    if ((offload.work & ~offloads) != 0) {
        return Error::not_supported;
    }
    return {};
}
