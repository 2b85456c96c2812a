// The driver of the E1000 cards: 82540EM, 82544GC, 82545EM. To be read beside Intel's manual
// (SDM, see e1000_registers.hh): chapter 3 is about the rings, chapter 14 about starting.
// docs/e1000.md is the guide.
#pragma once
#include <array>

#include "kern/dev/e1000_offload.hh"
#include "kern/dev/e1000_registers.hh"
#include "kern/dev/nic.hh"
#include "kern/dev/pci.hh"
#include "kern/memory/frames.hh"

// Brings the card up and makes it the Nic. no_device: it does not answer; not_supported: there
// is a card already; no_memory.
Result<void> e1000_attach(const PciFunction& function);

namespace e1000 {

inline constexpr size_t buffer_bytes = 2048;        // RCTL.BSIZE; holds any frame up to 1522 bytes

// A buffer for each slot of a ring, two in a page frame.
template <uint32_t Slots> class SlotBuffers {
public:
    static Result<SlotBuffers> create()
    {
        SlotBuffers buffers;
        for (PageFrame& frame : buffers.frames_) {
            frame = TRY(PageFrame::allocate(PageFrame::Fill::none));
        }
        return buffers;
    }

    std::span<std::byte> of(uint32_t slot) const
    {
        return {frames_[slot / per_frame].data() + offset(slot), buffer_bytes};
    }
    uint32_t physical(uint32_t slot) const
    {
        return frames_[slot / per_frame].physical().value + offset(slot);
    }

private:
    static constexpr uint32_t per_frame = page_size / buffer_bytes;
    static constexpr uint32_t offset(uint32_t slot) { return slot % per_frame * buffer_bytes; }

    std::array<PageFrame, Slots / per_frame> frames_;
};

// The transmit ring (3.4). Descriptors from the card's head up to the tail are the card's, the
// others ours. A descriptor that is not the card's has its `done` bit set: at first by start(),
// later by the card, in order, when it has sent the frame (command bit report_status).
// To the card a tail equal to the head means "nothing to send", so one slot always stays free:
// the ring is full when the slot after the next one is not done.
// The tail has two values: tail_ counts what was queued, the register what the card may send.
class TransmitRing {
public:
    static constexpr uint32_t slots = 64;

    // Allocates descriptors and buffers: no_memory.
    static Result<TransmitRing> create(Registers registers);

    // Tells the card of the empty ring (14.5). The transmitter must be off.
    void start();

    // The next free slot's buffer; empty if the ring is full.
    std::span<std::byte> claim();

    // Makes the claimed slot a frame of `bytes` (1 to max_frame_bytes). The card sends it after
    // the next hand_over().
    void queue(size_t bytes);

    // Lets the card send all that was queued: one write of the tail, whatever the number.
    void hand_over();

    // For descriptors of other kinds (e1000_offload.cc): whether so many slots are free, the next
    // of them, its buffer; queueing a descriptor in it; making a slot that was used so, and is
    // free, one for plain frames again.
    bool has_room(uint32_t count);
    uint32_t next() const { return tail_; }
    uint32_t buffer_address() const { return buffers_.physical(tail_); }
    void put(const DescriptorWords& words);
    void make_plain();
    bool is_done(uint32_t slot) const;

    uint64_t times_full() const { return times_full_; }
    void print() const;
    void describe(NetRing& ring) const;

private:
    TransmitRing(Registers registers, PageFrame ring, SlotBuffers<slots> buffers);
    volatile TransmitDescriptor& descriptor(uint32_t slot) const;
    void write(const DescriptorWords& words);

    Registers registers_;
    PageFrame ring_;
    SlotBuffers<slots> buffers_;
    uint32_t tail_ = 0;                             // the next slot to be queued
    uint64_t times_full_ = 0;
};
static_assert(TransmitRing::slots <= max_ring_slots);
static_assert(TransmitRing::slots % 8 == 0, "TDLEN is a multiple of 128 bytes");
static_assert(TransmitRing::slots * sizeof(TransmitDescriptor) <= page_size);

// The receive ring (3.2). Descriptors from the card's head up to the tail are empty and the
// card's. The card fills them in order and sets `done`; from then on, and until release(), a
// descriptor and its buffer are ours. To the card a tail equal to the head means "no room", so
// the slot at the tail is never the card's: of 256 slots 255 can be filled.
// Giving a buffer back costs a write of the tail, which is slow; so we owe the card buffers until
// they are owed_limit, and pay all at once.
class ReceiveRing {
public:
    static constexpr uint32_t slots = 256;
    static constexpr uint32_t owed_limit = slots / 2;

    static Result<ReceiveRing> create(Registers registers);

    // Gives the card all buffers but one (14.4). The receiver must be off.
    void start();

    // Whether the card has filled the next descriptor, with a frame or with damage.
    bool has_next() const { return (descriptor(next_).status & ReceiveStatus::done) != 0; }

    // The oldest frame; empty if there is none. Frames that are damaged, longer than
    // max_frame_bytes or spread over several buffers (none is as long as that) are counted,
    // dropped and passed over.
    inline std::span<const std::byte> oldest();

    // Takes back the oldest frame's buffer, to be refilled by the card.
    inline void release();

    uint64_t errors() const { return errors_; }
    void print() const;
    void describe(NetRing& ring) const;

private:
    ReceiveRing(Registers registers, PageFrame ring, SlotBuffers<slots> buffers);
    volatile ReceiveDescriptor& descriptor(uint32_t slot) const;
    void make_empty(uint32_t slot);
    void return_buffers();
    void drop();

    Registers registers_;
    PageFrame ring_;
    SlotBuffers<slots> buffers_;
    uint32_t next_ = 0;                             // where the next frame will be
    uint32_t owed_ = 0;                             // slots before next_ that the card lacks
    bool inside_frame_ = false;                     // the last descriptor did not end its frame
    uint64_t errors_ = 0;
};
static_assert(ReceiveRing::slots <= max_ring_slots);
static_assert(ReceiveRing::slots % 8 == 0, "RDLEN is a multiple of 128 bytes");
static_assert(ReceiveRing::slots * sizeof(ReceiveDescriptor) <= page_size);

// The card's statistics registers clear when read; here they are summed up.
struct Statistics {
    uint64_t packets_received = 0, bytes_received = 0;
    uint64_t packets_sent = 0, bytes_sent = 0;      // bytes without the FCS
    uint64_t missed = 0, errors = 0;

    void collect(Registers registers);
};

using MacAddress = EthernetAddress;

// One card.
class Card final : public Nic {
public:
    // Which card this is, beyond what all have in common.
    struct Model {
        const char* name = "";
        uint32_t offloads = NetOffload::all;        // the 82544 does not know IPv6's segments
        bool sends_empty_tail = false;              // QEMU's: e1000_offload.cc, put_end()
    };

    Card(Registers registers, const Model& model, TransmitRing transmit, ReceiveRing receive);

    // Resets the card and starts it, in an order that suits the manual and QEMU's model alike.
    void start();

    // The interrupt handler; `card` is a Card*.
    static void on_interrupt(void* card);

    NetInfo info() override;
    bool present() const override { return present_; }
    uint32_t offloads() const override { return model_.offloads; }
    void set_multicast(std::span<const EthernetAddress> addresses) override;
    uint32_t link_changes() const override { return link_changes_; }
    bool frames_waiting() const override { return present_ && receive_.has_next(); }
    void notify_of_room() override;
    void notify_of_frames(bool on) override;
    bool notifies_of_frames() const override { return notifies_of_frames_; }
    void print_state() override;
    void hold_transmit(bool hold) override;

private:
    std::span<std::byte> claim_slot() override;
    void queue_slot(size_t bytes) override { transmit_.queue(bytes); }
    bool queue_slot(size_t bytes, const NetOffload& offload) override;
    bool queue_pieces(std::span<PagePiece> pieces, const NetOffload& offload) override;
    void start_transmit() override;
    std::span<const std::byte> oldest_frame() override;
    void release_frame() override;
    void describe_transmit(NetRing& ring) const override { transmit_.describe(ring); }
    void describe_receive(NetRing& ring) const override { receive_.describe(ring); }

    void reset();
    void set_address_filter();
    void start_transmitter();
    void start_receiver();
    void interrupt();
    void handle(Value<InterruptCause> causes);
    void on_written_back();
    void lose();

    Registers registers_;
    Model model_;
    TransmitRing transmit_;
    OffloadQueue offload_;
    ReceiveRing receive_;
    Statistics statistics_;
    MacAddress mac_{};
    bool present_ = true;
    bool awaiting_room_ = false;                    // the causes of what is wanted are unmasked
    bool notifies_of_frames_ = false;
    uint32_t link_changes_ = 0;
    uint64_t interrupts_ = 0;
};

}  // namespace e1000
