// Facts of the E1000 (82540EM, 82544GC, 82545EM): registers and descriptors. Numbers in comments
// are sections and tables of Intel's "PCI/PCI-X Family of Gigabit Ethernet Controllers Software
// Developer's Manual" (SDM); the manual's name of a register stands beside ours. No behaviour
// here: see e1000.cc.
#pragma once
#include "kern/dev/register.hh"

namespace e1000 {

struct Control {                                    // CTRL, device control, 13.4.1
    static constexpr uint32_t offset = 0x0000;
    static constexpr Field<Control, 0>  full_duplex{};
    static constexpr Field<Control, 5>  auto_speed_detection{};         // ASDE
    static constexpr Field<Control, 6>  set_link_up{};                  // SLU
    static constexpr Field<Control, 26> reset{};                        // RST, clears itself
};

struct Status {                                     // STATUS, device status, 13.4.2
    static constexpr uint32_t offset = 0x0008;
    static constexpr Field<Status, 0>    full_duplex{};
    static constexpr Field<Status, 1>    link_up{};                     // LU
    static constexpr Field<Status, 4>    transmission_paused{};         // TXOFF
    static constexpr Field<Status, 6, 2> speed{};                       // 10, 100, 1000, 1000
};

struct EepromRead {                                 // EERD, 13.4.4
    static constexpr uint32_t offset = 0x0014;
    static constexpr Field<EepromRead, 0>      start{};
    static constexpr Field<EepromRead, 4>      done{};
    static constexpr Field<EepromRead, 8, 8>   address{};               // in words of 16 bits
    static constexpr Field<EepromRead, 16, 16> data{};
};

struct VlanType {                                   // VET, VLAN EtherType, 13.4.11
    static constexpr uint32_t offset = 0x0038;
    static constexpr Field<VlanType, 0, 16> type{};
};

// Interrupts, 13.4.17, 13.4.20, 13.4.21: one bit per cause, the same in four registers.
template <uint32_t Offset> struct InterruptBits {
    static constexpr uint32_t offset = Offset;
    using Self = InterruptBits;
    static constexpr Field<Self, 0> transmit_written_back{};            // TXDW
    static constexpr Field<Self, 2> link_change{};                      // LSC
    static constexpr Field<Self, 4> receive_low{};                      // RXDMT0
    static constexpr Field<Self, 6> receive_overrun{};                  // RXO
    static constexpr Field<Self, 7> receive_timer{};                    // RXT0: a frame came
    static constexpr Value<Self> all = {~0u};
    static constexpr Value<Self> none = {0};
    static constexpr Value<Self> receive = receive_low(1) | receive_overrun(1) | receive_timer(1);
};
using InterruptCause = InterruptBits<0x00C0>;       // ICR: reading it clears it and drops the line
using InterruptMaskSet = InterruptBits<0x00D0>;     // IMS: ones unmask
using InterruptMaskClear = InterruptBits<0x00D8>;   // IMC: ones mask

struct InterruptThrottle {                          // ITR, 13.4.18
    static constexpr uint32_t offset = 0x00C4;
    static constexpr Field<InterruptThrottle, 0, 16> interval{};        // units of 256 ns
};

struct ReceiveControl {                             // RCTL, 13.4.22
    static constexpr uint32_t offset = 0x0100;
    static constexpr Field<ReceiveControl, 1>     enable{};             // EN
    static constexpr Field<ReceiveControl, 5>     long_packets{};       // LPE: over 1522 bytes
    static constexpr Field<ReceiveControl, 15>    accept_broadcast{};   // BAM
    static constexpr Field<ReceiveControl, 16, 2> buffer_size{};        // BSIZE
    static constexpr Field<ReceiveControl, 26>    strip_crc{};          // SECRC
};
inline constexpr uint32_t buffer_size_2048 = 0;     // of ReceiveControl::buffer_size

struct TransmitControl {                            // TCTL, 13.4.33, table 13-76
    static constexpr uint32_t offset = 0x0400;
    static constexpr Field<TransmitControl, 1>      enable{};               // EN
    static constexpr Field<TransmitControl, 3>      pad_short_packets{};    // PSP
    static constexpr Field<TransmitControl, 4, 8>   collision_threshold{};  // CT
    static constexpr Field<TransmitControl, 12, 10> collision_distance{};   // COLD
};

struct TransmitGap {                                // TIPG, inter-packet gap, 13.4.34
    static constexpr uint32_t offset = 0x0410;
    static constexpr Field<TransmitGap, 0, 10>  back_to_back{};         // IPGT
    static constexpr Field<TransmitGap, 10, 10> after_carrier{};        // IPGR1
    static constexpr Field<TransmitGap, 20, 10> total{};                // IPGR2
};

// Where a ring is in memory, and how far each side is in it: the same five registers for
// receive (13.4.25 to 13.4.29) and transmit (13.4.36 to 13.4.40).
template <uint32_t Base> struct RingRegisters {
    struct AddressLow {                             // xDBAL: a multiple of 16
        static constexpr uint32_t offset = Base;
        static constexpr Field<AddressLow, 0, 32> address{};
    };
    struct AddressHigh {                            // xDBAH
        static constexpr uint32_t offset = Base + 0x04;
        static constexpr Field<AddressHigh, 0, 32> address{};
    };
    struct Length {                                 // xDLEN, bytes: a multiple of 128
        static constexpr uint32_t offset = Base + 0x08;
        static constexpr Field<Length, 0, 20> bytes{};
    };
    struct Head {                                   // xDH: the card's next descriptor
        static constexpr uint32_t offset = Base + 0x10;
        static constexpr Field<Head, 0, 16> index{};
    };
    struct Tail {                                   // xDT: one past the card's last descriptor
        static constexpr uint32_t offset = Base + 0x18;
        static constexpr Field<Tail, 0, 16> index{};
    };
};
using ReceiveRingRegisters = RingRegisters<0x2800>;
using TransmitRingRegisters = RingRegisters<0x3800>;

struct ReceiveDelay {                               // RDTR, 13.4.30
    static constexpr uint32_t offset = 0x2820;
    static constexpr Field<ReceiveDelay, 0, 16> delay{};                // units of 1.024 us
};

struct MulticastTable {                             // MTA, 13.5.1
    static constexpr uint32_t offset = 0x5200, count = 128, stride = 4;
    static constexpr Field<MulticastTable, 0, 32> bits{};
};

struct AddressLow {                                 // RAL, bytes 0 to 3 of a MAC, 13.5.2
    static constexpr uint32_t offset = 0x5400, count = 16, stride = 8;
    static constexpr Field<AddressLow, 0, 32> bytes{};
};

struct AddressHigh {                                // RAH, bytes 4 and 5, 13.5.3
    static constexpr uint32_t offset = 0x5404, count = 16, stride = 8;
    static constexpr Field<AddressHigh, 0, 16> bytes{};
    static constexpr Field<AddressHigh, 31>    valid{};                 // AV
};

struct VlanTable {                                  // VFTA, 13.5.4
    static constexpr uint32_t offset = 0x5600, count = 128, stride = 4;
    static constexpr Field<VlanTable, 0, 32> bits{};
};

// Statistics, 13.7: reading clears them; at their largest value they stop counting.
template <uint32_t Offset> struct Counter {
    static constexpr uint32_t offset = Offset;
    static constexpr Field<Counter, 0, 32> count{};
};
using CrcErrors = Counter<0x4000>;                  // CRCERRS
using ReceiveErrors = Counter<0x400C>;              // RXERRC
using MissedPackets = Counter<0x4010>;              // MPC: no room
using GoodPacketsReceived = Counter<0x4074>;        // GPRC
using GoodPacketsSent = Counter<0x4080>;            // GPTC
using GoodOctetsReceivedLow = Counter<0x4088>;      // GORCL: with the FCS; read low before high
using GoodOctetsReceivedHigh = Counter<0x408C>;     // GORCH: reading it clears both
using GoodOctetsSentLow = Counter<0x4090>;          // GOTCL
using GoodOctetsSentHigh = Counter<0x4094>;         // GOTCH
using OversizePackets = Counter<0x40AC>;            // ROC: over 1522 bytes

// The legacy transmit descriptor, 3.3.3.
struct TransmitDescriptor {
    uint64_t buffer = 0;                            // physical address
    uint16_t length = 0;
    uint8_t checksum_offset = 0;                    // CSO
    uint8_t command = 0;                            // TransmitCommand
    uint8_t status = 0;                             // TransmitStatus
    uint8_t checksum_start = 0;                     // CSS
    uint16_t special = 0;
};
static_assert(sizeof(TransmitDescriptor) == 16);

struct TransmitCommand {                            // 3.3.3.1
    static constexpr uint8_t end_of_packet = 0x01;  // EOP
    static constexpr uint8_t insert_crc = 0x02;     // IFCS
    static constexpr uint8_t report_status = 0x08;  // RS: set TransmitStatus::done
    static constexpr uint8_t extended = 0x20;       // DEXT: not a legacy descriptor, see below
};

struct TransmitStatus {                             // 3.3.3.2
    static constexpr uint8_t done = 0x01;           // DD
};

// The card also takes two descriptors that together say more. They are told from the legacy one,
// and from each other, by bits of their third word.
struct ExtendedBits {
    static constexpr uint32_t context = 0u << 20, data = 1u << 20;      // DTYP
    static constexpr uint32_t extended = 1u << 29;                      // DEXT
    static constexpr uint32_t report_status = 1u << 27;                 // RS
    static constexpr uint32_t segment = 1u << 26;                       // TSE
    static constexpr uint32_t context_tcp = 1u << 24, context_ipv4 = 1u << 25;  // TUCMD, 3.3.6.1
    static constexpr uint32_t end_of_packet = 1u << 24, insert_crc = 1u << 25;  // DCMD, 3.3.7.1
};

// The context descriptor, 3.3.6: how frames after it are summed and cut. The card keeps two
// contexts, one for frames that it cuts and one for those that it only sums. Positions are bytes
// from the frame's begin; an end is the last byte that is summed, or 0 for the frame's.
struct ContextDescriptor {
    uint8_t ip_start = 0;                           // IPCSS
    uint8_t ip_checksum_at = 0;                     // IPCSO
    uint16_t ip_end = 0;                            // IPCSE
    uint8_t checksum_start = 0;                     // TUCSS
    uint8_t checksum_at = 0;                        // TUCSO
    uint16_t checksum_end = 0;                      // TUCSE
    uint32_t payload_and_bits = 0;                  // PAYLEN: bytes to be cut, 20 bits
    uint8_t status = 0;                             // TransmitStatus
    uint8_t header_bytes = 0;                       // HDRLEN
    uint16_t segment_bytes = 0;                     // MSS
    bool operator==(const ContextDescriptor&) const = default;
};
static_assert(sizeof(ContextDescriptor) == 16);

// The data descriptor, 3.3.7: a frame, or a piece of one.
struct DataDescriptor {
    uint64_t buffer = 0;                            // physical address
    uint32_t length_and_bits = 0;                   // DTALEN, 20 bits
    uint8_t status = 0;                             // TransmitStatus
    uint8_t options = 0;                            // POPTS, of the first piece: DataOption
    uint16_t special = 0;
};
static_assert(sizeof(DataDescriptor) == 16);

struct DataOption {                                 // 3.3.7.3
    static constexpr uint8_t ip_checksum = 0x01;    // IXSM: put it in
    static constexpr uint8_t checksum = 0x02;       // TXSM: TCP's or UDP's
};

// The receive descriptor, 3.2.3. The card writes everything but the address.
struct ReceiveDescriptor {
    uint64_t buffer = 0;                            // physical address
    uint16_t length = 0;
    uint16_t checksum = 0;
    uint8_t status = 0;                             // ReceiveStatus
    uint8_t errors = 0;                             // ReceiveError
    uint16_t special = 0;
};
static_assert(sizeof(ReceiveDescriptor) == 16);

struct ReceiveStatus {                              // 3.2.3.1
    static constexpr uint8_t done = 0x01;           // DD
    static constexpr uint8_t end_of_packet = 0x02;  // EOP
};

struct ReceiveError {                               // 3.2.3.2
    // Errors of the frame itself; those of the TCP and IP checksums (0x20, 0x40) are for whoever
    // reads the frame.
    static constexpr uint8_t crc = 0x01, symbol = 0x02, sequence = 0x04, carrier = 0x10,
        data = 0x80;
    static constexpr uint8_t frame = crc | symbol | sequence | carrier | data;
};

// The EEPROM's first three words are the MAC, each word's low byte first, 5.6.1.
inline constexpr uint32_t eeprom_mac_words = 3;

}  // namespace e1000
