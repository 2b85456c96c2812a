#include "net/frame_sums.hh"

#include "inc/string.hh"
#include "net/checksum.hh"

static constexpr size_t ethernet_bytes = FrameHeaders::ip_start, ipv4_bytes = 20, ipv6_bytes = 40,
    fragment_bytes = 8;

static void put(std::span<uint8_t> bytes, size_t at, uint16_t sum)
{
    memcpy(bytes.data() + at, &sum, sizeof(sum));
}

static uint16_t fold(uint32_t sum)
{
    sum = (sum & 0xFFFF) + (sum >> 16);
    return static_cast<uint16_t>((sum & 0xFFFF) + (sum >> 16));
}

static uint16_t in_memory_order(uint32_t value)
{
    return __builtin_bswap16(static_cast<uint16_t>(value));
}

uint8_t FrameHeaders::checksum_at() const
{
    return static_cast<uint8_t>(
        transport + (protocol == protocol_tcp ? tcp_checksum_at : udp_checksum_at));
}

static bool find_ipv4(std::span<const uint8_t> frame, FrameHeaders& headers)
{
    if (frame.size() < ethernet_bytes + ipv4_bytes) {
        return false;
    }
    const uint32_t header = (frame[ethernet_bytes] & 15u) * 4;
    const uint32_t total = number_at(&frame[ethernet_bytes + 2], 2);
    const uint32_t place = number_at(&frame[ethernet_bytes + 6], 2);
    if (header < ipv4_bytes || total < header || total > frame.size() - ethernet_bytes) {
        return false;
    }
    headers.transport = static_cast<uint8_t>(ethernet_bytes + header);
    headers.protocol = frame[ethernet_bytes + 9];
    headers.payload_bytes = total - header;
    headers.is_first = (place & 0x1FFF) == 0;
    headers.is_last = (place & 0x2000) == 0;
    headers.identification = number_at(&frame[ethernet_bytes + 4], 2);
    return true;
}

static bool find_ipv6(std::span<const uint8_t> frame, FrameHeaders& headers)
{
    constexpr uint8_t fragment = 44;
    if (frame.size() < ethernet_bytes + ipv6_bytes) {
        return false;
    }
    headers.is_ipv6 = true;
    headers.transport = ethernet_bytes + ipv6_bytes;
    headers.protocol = frame[ethernet_bytes + 6];
    headers.payload_bytes = number_at(&frame[ethernet_bytes + 4], 2);
    if (headers.payload_bytes > frame.size() - headers.transport) {
        return false;
    }
    if (headers.protocol == fragment) {
        if (headers.payload_bytes < fragment_bytes) {
            return false;
        }
        const uint32_t place = number_at(&frame[headers.transport + 2], 2);
        headers.protocol = frame[headers.transport];
        headers.is_first = (place & 0xFFF8) == 0;
        headers.is_last = (place & 1) == 0;
        headers.identification = number_at(&frame[headers.transport + 4], 4);
        headers.transport += uint8_t{fragment_bytes};
        headers.payload_bytes -= uint32_t{fragment_bytes};
    }
    return true;
}

bool find_headers(std::span<const uint8_t> frame, FrameHeaders& headers)
{
    if (frame.size() < ethernet_bytes) {
        return false;
    }
    headers = {};
    const uint32_t type = number_at(&frame[12], 2);
    const bool found = type == 0x0800 ? find_ipv4(frame, headers)
        : type == 0x86DD              ? find_ipv6(frame, headers)
                                      : false;
    const bool has_sum = headers.protocol == protocol_tcp || headers.protocol == protocol_udp;
    return found && has_sum
        && (!headers.is_first
            || headers.checksum_at() + sizeof(uint16_t)
                <= headers.transport + headers.payload_bytes);
}

uint16_t pseudo_header_sum(std::span<const uint8_t> frame, const FrameHeaders& headers,
                           uint32_t payload_bytes)
{
    const auto addresses = headers.is_ipv6 ? frame.subspan(headers.ip_start + 8u, 32)
                                           : frame.subspan(headers.ip_start + 12u, 8);
    return fold(uint32_t{internet_sum(addresses.data(), addresses.size())}
                + in_memory_order(headers.protocol) + in_memory_order(payload_bytes));
}

static uint16_t ipv4_header_sum(const uint8_t* header)
{
    uint64_t sum = 0;
#pragma GCC unroll 5
    for (size_t i = 0; i < ipv4_bytes; i += 4) {
        uint32_t word = 0;
        __builtin_memcpy(&word, header + i, sizeof word);
        sum += word;
    }
    return fold(static_cast<uint32_t>(sum & 0xFFFF) + static_cast<uint32_t>(sum >> 16));
}

// The pseudo-header's addresses lie right before the payload, and are summed with it.
bool has_right_sums(std::span<const uint8_t> frame, const FrameHeaders& headers)
{
    constexpr uint16_t right = 0xFFFF;
    if (!headers.is_ipv6 && ipv4_header_sum(&frame[headers.ip_start]) != right) {
        return false;
    }
    const size_t addresses = headers.is_ipv6 ? 32 : 8;
    return fold(uint32_t{internet_sum(&frame[headers.transport - addresses],
                                      addresses + headers.payload_bytes)}
                + in_memory_order(headers.protocol) + in_memory_order(headers.payload_bytes))
        == right;
}

void FrameSums::add_fragment(std::span<uint8_t> frame, const FrameHeaders& headers)
{
    if (headers.is_first) {
        first_ = frame;
        first_headers_ = headers;
        sum_ = bytes_ = 0;
        put(frame, headers.checksum_at(), 0);
    }
    if (first_.empty() || headers.identification != first_headers_.identification) {
        return;                         // the first was dropped: the datagram is lost
    }
    sum_ += internet_sum(frame.data() + headers.transport, headers.payload_bytes);
    bytes_ += headers.payload_bytes;
    if (headers.is_last) {
        const uint16_t sum =
            static_cast<uint16_t>(~fold(sum_ + pseudo_header_sum(first_, first_headers_, bytes_)));
        put(first_, first_headers_.checksum_at(), sum == 0 ? 0xFFFF : sum);
        forget();
    }
}

NetOffload FrameSums::prepare(std::span<uint8_t> frame, const FrameHeaders& headers)
{
    if (!headers.is_whole()) {
        add_fragment(frame, headers);
        return {};
    }
    put(frame, headers.checksum_at(), pseudo_header_sum(frame, headers, headers.payload_bytes));
    return {.work = NetOffload::checksum,
            .ip_start = headers.ip_start,
            .checksum_start = headers.transport,
            .checksum_at = headers.checksum_at()};
}
