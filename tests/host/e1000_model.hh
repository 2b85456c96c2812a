// A model of the E1000, written from the manual (SDM): what the driver may rely on, and nothing
// that only one emulator does. It works when the test says so: send() and receive() are the
// moments at which a real card gets round to it. What the manual forbids a driver is reported as a
// test failure. Numbers in comments are sections of the SDM.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "kern/dev/e1000_registers.hh"

class E1000Model {
public:
    using Bytes = std::vector<std::byte>;

    E1000Model();

    // --- The driver's side: 32-bit accesses at `offset`.
    uint32_t load(uint32_t offset);
    void store(uint32_t offset, uint32_t bits);
    Registers registers() { return Registers(reinterpret_cast<volatile std::byte*>(this)); }

    // --- The test's side.
    std::vector<Bytes> sent;            // frames that left the card
    bool sends_at_once = true;          // when the tail is written; else only in send()
    bool gone = false;                  // unplugged: reads all ones, ignores writes
    bool has_eeprom = true;             // EERD answers
    bool resets = true;                 // CTRL.RST does what the manual says
    bool drops_descriptor_write_back = false;       // a broken card: never sets `done`
    bool sends_empty_tail = false;      // QEMU's habit: kern/dev/e1000_offload.cc, put_end()
    size_t contexts = 0;                // context descriptors so far
    std::array<uint16_t, 64> eeprom{};

    // Sends at most `limit` descriptors' worth.
    void send(size_t limit = ~size_t{0});

    // A frame from the wire. False if the card drops it: filter, no room, receiver off.
    bool receive(std::span<const std::byte> frame, uint8_t errors = 0);

    // Writes the next receive descriptor back as given, whatever the frame: for strange cards.
    void write_back_receive(uint16_t length, uint8_t status, uint8_t errors);

    void set_link(bool up);

    // Whether the interrupt line is raised.
    bool interrupts() const { return (cause_ & mask_) != 0; }

    // What was written, in order, as register offsets; and how often to one register.
    const std::vector<uint32_t>& writes() const { return writes_; }
    size_t writes_to(uint32_t offset) const;
    size_t first_write(uint32_t offset) const;      // position in writes(); npos if none
    static constexpr size_t npos = ~size_t{0};

    // A register's present value, without the side effects of reading it.
    uint32_t peek(uint32_t offset) const;

private:
    struct Ring {
        uint32_t base = 0, length = 0, head = 0, tail = 0;
        uint32_t slots() const { return length / 16; }
    };

    void reset();
    void raise(uint32_t causes) { cause_ |= causes; }
    void store_ring(Ring& ring, uint32_t offset, uint32_t bits, bool enabled);
    void store_receive_control(uint32_t bits);
    void store_receive_tail(uint32_t tail);
    void store_transmit_tail(uint32_t tail);
    bool process(std::span<std::byte, 16> slot);
    void take_context(const e1000::ContextDescriptor& context);
    void take_data(const e1000::DataDescriptor& data);
    void take_plain(const e1000::TransmitDescriptor& plain);
    void append(uint64_t from, size_t bytes);
    void cut_segments(bool last);
    void put_sum(Bytes& frame, size_t at, size_t start, size_t end) const;
    void send_segment(Bytes frame);
    void send_frame(Bytes frame);
    bool is_for_us(std::span<const std::byte> frame) const;
    uint32_t receive_room() const;
    void count(uint32_t offset, uint64_t amount);
    void count_octets(uint32_t low, uint64_t frame_bytes);

    std::map<uint32_t, uint32_t> values_;
    std::vector<uint32_t> writes_;
    Ring receive_ring_;
    Ring transmit_ring_;
    Bytes sending_;                     // of a frame in several descriptors; when it is cut, what
                                        //   has come since the last segment, behind the header
    bool in_frame_ = false;
    uint8_t options_ = 0;               // of the frame's first piece
    uint32_t segments_ = 0;             // sent of this frame
    e1000::ContextDescriptor sums_;     // the two contexts, 3.3.6
    e1000::ContextDescriptor cuts_;
    uint32_t cause_ = 0;
    uint32_t mask_ = 0;
};

// A frame for tests: from one station to another, of `size` bytes, recognisable by `seed`.
E1000Model::Bytes make_frame(size_t size, unsigned seed,
                             std::array<uint8_t, 6> to = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56});
