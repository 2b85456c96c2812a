#include "net/datagram_flow.hh"

#include "net/datagram_socket.hh"
#include "net/frame_sums.hh"

DatagramFlow datagram_flow;

static constexpr uint32_t ip_start = FrameHeaders::ip_start, udp_start = ip_start + 20,
    data_start = udp_start + 8;
static constexpr uint8_t version_and_length = 0x45;     // IPv4, no options

// What the headers of Ethernet, IPv4 and UDP have in common: words at these places, but for what
// the masks leave out.
struct KeyWord {
    size_t at;
    uint32_t mask;                      // little endian
};
static constexpr std::array<KeyWord, DatagramFlow::key_words> key_parts{{
    {0, 0xFFFFFFFF},                    // Ethernet's destination
    {4, 0x0000FFFF},
    {12, 0x00FFFFFF},                   // and type; IP's version and header length
    {ip_start + 6, 0xFF00FF3F},         // place among fragments; protocol
    {ip_start + 12, 0xFFFFFFFF},        // addresses
    {ip_start + 16, 0xFFFFFFFF},
    {udp_start, 0xFFFFFFFF},            // ports
}};

static uint32_t key_word(const uint8_t* frame, const KeyWord& part)
{
    uint32_t word = 0;
    __builtin_memcpy(&word, frame + part.at, sizeof word);
    return word & part.mask;
}

bool DatagramFlow::is_next(const uint8_t* frame) const
{
    uint32_t difference = 0;
#pragma GCC unroll 7
    for (size_t i = 0; i < key_words; i++) {
        difference |= key_[i] ^ key_word(frame, key_parts[i]);
    }
    return difference == 0;
}

void DatagramFlow::begin(std::span<const uint8_t> frame)
{
    const bool to_one = (frame[0] & 1) == 0;
    is_open_ = to_one && frame[ip_start] == version_and_length;
    takers_ = 0;
    for (size_t i = 0; i < key_words; i++) {
        key_[i] = key_word(frame.data(), key_parts[i]);
    }
}

void DatagramFlow::taken_by(Socket& socket, const NetAddress& from)
{
    takers_++;
    taker_ = &socket;
    from_ = from;
}

bool DatagramFlow::receive(std::span<const uint8_t> frame)
{
    if (!is_open_ || takers_ != 1 || !is_next(frame.data())) {
        return false;
    }
    const uint32_t ip_bytes = number_at(&frame[ip_start + 2], 2);
    FrameHeaders headers;
    headers.transport = udp_start;
    headers.protocol = protocol_udp;
    headers.payload_bytes = number_at(&frame[udp_start + 4], 2);
    if (headers.payload_bytes < data_start - udp_start
        || ip_bytes != headers.payload_bytes + (udp_start - ip_start)
        || ip_bytes > frame.size() - ip_start || !has_right_sums(frame, headers)) {
        return false;
    }
    const size_t size = headers.payload_bytes - (data_start - udp_start);
    datagram_deliver(*taker_, std::as_bytes(frame.subspan(data_start, size)), from_);
    return true;
}
