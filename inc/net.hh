// What kernel and programs share about the network card: packet pages and the arguments of the
// net_* system calls.
#pragma once
#include <array>

#include "inc/types.hh"

inline constexpr size_t ethernet_address_bytes = 6;
inline constexpr size_t min_frame_bytes = 60;       // without FCS; the network server pads to it
inline constexpr size_t max_frame_bytes = 1518;     // header, VLAN tag, 1500 bytes; without FCS
inline constexpr size_t max_segmented_bytes = 60 * 1024;    // of a frame that the card cuts
inline constexpr uint32_t max_segments = 128;       // that it may cut one frame into
inline constexpr uint32_t max_net_batch = 64;       // frames that one system call moves
inline constexpr uint32_t max_multicast_addresses = 64;     // that the card is asked to receive

using EthernetAddress = std::array<uint8_t, ethernet_address_bytes>;

// A packet on its way between environments: one page, length first.
struct jif_pkt {
    int32_t jp_len = 0;
    char jp_data[PGSIZE - sizeof(int32_t)] = {};
};
static_assert(sizeof(jif_pkt) == PGSIZE);

// One frame of a net_transmit or net_receive batch: where it is in the caller's memory, and how
// long. For net_receive `length` is the room at `address` and becomes the frame's length.
struct NetFrame {
    // Added to a length of net_transmit: at `address` is a NetOffload, behind it the frame.
    static constexpr uint32_t described = 1u << 31;

    uint32_t address = 0;
    uint32_t length = 0;
};

// What the card is to do to a frame that it sends, if it can (NetInfo::offloads). Positions and
// sizes are in bytes, from the frame's begin.
//
// checksum: sums the frame from `checksum_start` on and puts the result at `checksum_at`, where
// the sum of TCP's or UDP's pseudo-header (not complemented) must be.
//
// segment_ipv4, segment_ipv6, together with checksum: cuts a TCP segment of up to
// max_segmented_bytes into frames, each with the first `header_bytes` and the next `segment_bytes`
// of what follows them. The card fills in each frame's lengths, sequence number and checksums,
// IPv4's identification counting up, and leaves PSH and FIN to the last. The pseudo-header's sum
// is without length, IPv4's header checksum is 0. Such a frame is not copied: the card may read it
// after net_transmit has returned. Until it has, its pages have one more reference each (UPAGES),
// the last page to the end.
struct NetOffload {
    static constexpr uint8_t checksum = 1, segment_ipv4 = 2, segment_ipv6 = 4;
    static constexpr uint8_t all = checksum | segment_ipv4 | segment_ipv6;

    uint8_t work = 0;                   // of those; 0: nothing, the frame goes out as it is
    uint8_t ip_start = 0;
    uint8_t checksum_start = 0;         // TCP's or UDP's header
    uint8_t checksum_at = 0;
    uint16_t header_bytes = 0;
    uint16_t segment_bytes = 0;
    bool segments() const { return (work & (segment_ipv4 | segment_ipv6)) != 0; }
};
static_assert(sizeof(NetOffload) == 8);
inline constexpr uint8_t tcp_checksum_at = 16;      // in TCP's header: RFC 9293, 3.1
inline constexpr uint8_t udp_checksum_at = 6;       // in UDP's: RFC 768

// What net_info fills in. Counters count since boot.
struct NetInfo {
    EthernetAddress mac{};
    uint8_t link_up = 0;
    uint8_t full_duplex = 0;
    uint32_t link_mbit = 0;
    uint32_t link_changes = 0;          // a receiver that sees it grow re-reads link_up
    uint32_t transmit_slots = 0, receive_slots = 0;
    uint32_t offloads = 0;              // NetOffload's kinds of work that the card does
    char driver[16] = {};               // "e1000"
    char model[16] = {};                // "82540EM"
    uint64_t rx_packets = 0, rx_bytes = 0, tx_packets = 0, tx_bytes = 0;
    uint64_t rx_missed = 0;             // the card had no room (MPC)
    uint64_t rx_errors = 0;             // descriptors with errors, or frames too long
    uint64_t tx_full = 0;               // times the transmit ring had no free slot
    uint64_t interrupts = 0;
};

// What net_rings fills in: both rings at one moment, for people to look at. Going round from
// `next`, our side's place, a transmit ring holds free slots and a receive ring the card's.
enum class RingSlot : uint8_t {
    ours = 0,                           // empty: free to send, or not yet given back to the card
    card = 1,                           // the card's: to be sent, or to be filled
    frame = 2,                          // a frame that waits for us: to be handed over, or taken
};
inline constexpr uint32_t max_ring_slots = 512;

struct NetRing {
    uint32_t slots = 0;
    uint32_t head = 0, tail = 0;        // the card's registers
    uint32_t next = 0;                  // the slot that our side looks at next
    std::array<RingSlot, max_ring_slots> state{};
};

struct NetRings {
    NetRing transmit;
    NetRing receive;
};
