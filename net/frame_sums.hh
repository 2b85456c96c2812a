// TCP's and UDP's checksums in frames that lwIP has left without: most are left to the card, with
// the pseudo-header's sum to begin with. Those of datagrams in fragments no card can make.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "inc/net.hh"

// A frame's headers, as far as checksums go (RFC 791, RFC 8200).
struct FrameHeaders {
    static constexpr uint8_t ip_start = 14;
    bool is_ipv6 = false;
    uint8_t transport = 0;              // where TCP's or UDP's header, or a fragment's data begins
    uint8_t protocol = 0;
    uint32_t payload_bytes = 0;         // from there on, without padding
    bool is_first = true, is_last = true;               // of the datagram's fragments
    uint32_t identification = 0;        // of the fragments

    bool is_whole() const { return is_first && is_last; }
    uint8_t checksum_at() const;
};

inline constexpr uint8_t protocol_tcp = 6, protocol_udp = 17;

// A number of so many bytes as a frame has it, most significant byte first.
inline uint32_t number_at(const uint8_t* from, size_t bytes)
{
    uint32_t value = 0;
    for (size_t i = 0; i < bytes; i++) {
        value = value << 8 | from[i];
    }
    return value;
}

// False: the frame has no IP that is as it should be, or neither TCP nor UDP.
bool find_headers(std::span<const uint8_t> frame, FrameHeaders& headers);

// The sum (RFC 1071, in memory's order) of the pseudo-header; `payload_bytes` 0 leaves it out.
uint16_t pseudo_header_sum(std::span<const uint8_t> frame, const FrameHeaders& headers,
                           uint32_t payload_bytes);

// Whether IP's checksum, if it has one, and that of TCP or UDP are right, in a frame that is whole
// and has no header between IP's, without options, and theirs.
bool has_right_sums(std::span<const uint8_t> frame, const FrameHeaders& headers);

class FrameSums {
public:
    // Prepares a frame, in which find_headers() has found these; what the card is to do to it. A
    // fragment's sum is noted, and put into the first fragment, where it lies, when the last has
    // come.
    NetOffload prepare(std::span<uint8_t> frame, const FrameHeaders& headers);

    // Frames that were prepared are about to go: an unfinished datagram stays without checksum.
    void forget() { first_ = {}; }

private:
    void add_fragment(std::span<uint8_t> frame, const FrameHeaders& headers);

    std::span<uint8_t> first_;          // fragment of a datagram that is not complete; empty: none
    FrameHeaders first_headers_;
    uint32_t sum_ = 0;                  // of the datagram so far
    uint32_t bytes_ = 0;
};
