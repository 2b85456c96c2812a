// Frames that the card finishes: it puts checksums in and cuts segments (SDM 3.5). A layer over the
// transmit ring for what its plain frames do not need: descriptors of other kinds, frames of
// several descriptors, and frames that the card reads where their sender has them.
#pragma once
#include <array>
#include <optional>
#include <span>

#include "inc/net.hh"
#include "kern/dev/e1000_registers.hh"
#include "kern/memory/frames.hh"

namespace e1000 {

class TransmitRing;
using DescriptorWords = std::array<uint32_t, 4>;    // any transmit descriptor

// A frame takes a slot for each piece, and one before them for a context that the card does not
// have yet: all of them or none. Every descriptor reports its status, so that "done" means the
// same for all slots; a piece's page is ours until its slot is done.
class OffloadQueue {
public:
    static constexpr uint32_t slots = 64;           // of the ring

    // `sends_empty_tail`: the card is QEMU's, see put_end().
    OffloadQueue(TransmitRing& ring, bool sends_empty_tail)
        : ring_(ring), sends_empty_tail_(sends_empty_tail)
    {
    }

    // The card has been reset: it has no context.
    void start() { context_.reset(); }

    // As TransmitRing's. A slot that was used for more is made a plain one again.
    std::span<std::byte> claim();

    // Queues the first `bytes` of the claimed buffer; false: there is no slot for a context.
    bool queue(size_t bytes, const NetOffload& offload);

    // Queues a frame in pieces and keeps their references; false: the ring has no room for it.
    bool queue(std::span<PagePiece> pieces, const NetOffload& offload);

    // Drops the references to what the card has read. Whether there are others.
    void release_pages();
    bool holds_pages() const { return held_ > 0; }

private:
    template <typename Descriptor> void put(const Descriptor& descriptor);
    void put_end(const NetOffload& offload);
    void hold(PageFrame page);

    TransmitRing& ring_;
    const bool sends_empty_tail_;
    std::optional<ContextDescriptor> context_;      // the card's, for frames that it only sums
    std::array<bool, slots> borrowed_{};            // slots whose descriptors are not plain
    std::array<PageFrame, slots> pages_;            // what the slots' descriptors read
    uint32_t held_ = 0;                             // of pages_
    uint32_t oldest_held_ = 0;                      // the first slot that may have one
};

}  // namespace e1000
