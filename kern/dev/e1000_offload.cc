// Checksums and segments by the card: SDM 3.3.5 to 3.3.7 (descriptors), 3.5 (segmentation).
#include "kern/dev/e1000_offload.hh"

#include <algorithm>
#include <bit>

#include "inc/stdio.hh"
#include "kern/dev/e1000.hh"
#include "kern/dev/nic_trace.hh"

namespace e1000 {

static_assert(OffloadQueue::slots == TransmitRing::slots);

// --- What the ring offers for this, beside its plain frames

// Whether `count` slots are free, and the one that always is. The card frees slots in order.
bool TransmitRing::has_room(uint32_t count)
{
    if (count < slots && is_done((tail_ + count) % slots)) {
        return true;
    }
    ++times_full_;
    if (nic_traces(NicTrace::transmit_errors)) [[unlikely]] {
        cprintf("e1000: tx ring has no %u slots, next index %u\n", count, tail_);
    }
    return false;
}

// The status is in the last word, which is the last to be written.
void TransmitRing::write(const DescriptorWords& words)
{
    auto* const slot = reinterpret_cast<volatile uint32_t*>(&descriptor(tail_));
    for (size_t i = 0; i < words.size(); ++i) {
        slot[i] = words[i];
    }
}

void TransmitRing::put(const DescriptorWords& words)
{
    write(words);
    if (nic_traces(NicTrace::transmit)) [[unlikely]] {
        cprintf("e1000: index %u: 0x%x : %x %x\n", tail_, words[0], words[2], words[3]);
    }
    tail_ = (tail_ + 1) % slots;
}

void TransmitRing::make_plain()
{
    write(std::bit_cast<DescriptorWords>(TransmitDescriptor{.buffer = buffer_address(),
                                                            .status = TransmitStatus::done}));
}

// --- Descriptors

namespace {

ContextDescriptor context_for(const NetOffload& offload, uint32_t payload_bytes)
{
    ContextDescriptor context{.checksum_start = offload.checksum_start,
                              .checksum_at = offload.checksum_at,
                              .payload_and_bits = ExtendedBits::context | ExtendedBits::extended
                                  | ExtendedBits::report_status};
    if (offload.checksum_at - offload.checksum_start == tcp_checksum_at) {
        context.payload_and_bits |= ExtendedBits::context_tcp;
    }
    if (offload.segments()) {
        context.ip_start = offload.ip_start;
        context.payload_and_bits |= ExtendedBits::segment | payload_bytes;
        context.header_bytes = static_cast<uint8_t>(offload.header_bytes);
        context.segment_bytes = offload.segment_bytes;
    }
    if ((offload.work & NetOffload::segment_ipv4) != 0) {
        constexpr uint8_t ipv4_checksum_at = 10;            // RFC 791, 3.1
        context.payload_and_bits |= ExtendedBits::context_ipv4;
        context.ip_checksum_at = static_cast<uint8_t>(offload.ip_start + ipv4_checksum_at);
        context.ip_end = static_cast<uint16_t>(offload.checksum_start - 1);
    }
    return context;
}

uint8_t options_of(const NetOffload& offload)
{
    const bool sums = (offload.work & NetOffload::checksum) != 0;
    const bool sums_ip = (offload.work & NetOffload::segment_ipv4) != 0;
    return static_cast<uint8_t>((sums ? DataOption::checksum : 0)
                                | (sums_ip ? DataOption::ip_checksum : 0));
}

DataDescriptor data_for(uint32_t address, uint32_t bytes, bool segment, bool last)
{
    return {.buffer = address,
            .length_and_bits = bytes | ExtendedBits::data | ExtendedBits::extended
                | ExtendedBits::report_status | ExtendedBits::insert_crc
                | (segment ? ExtendedBits::segment : 0) | (last ? ExtendedBits::end_of_packet : 0)};
}

uint32_t size_of(std::span<const PagePiece> pieces)
{
    uint32_t bytes = 0;
    for (const PagePiece& piece : pieces) {
        bytes += piece.size;
    }
    return bytes;
}

}  // namespace

// --- Queueing

std::span<std::byte> OffloadQueue::claim()
{
    const std::span<std::byte> buffer = ring_.claim();
    if (!buffer.empty() && borrowed_[ring_.next()]) {
        borrowed_[ring_.next()] = false;
        ring_.make_plain();
    }
    return buffer;
}

template <typename Descriptor> void OffloadQueue::put(const Descriptor& descriptor)
{
    borrowed_[ring_.next()] = true;
    ring_.put(std::bit_cast<DescriptorWords>(descriptor));
}

// A context goes into the claimed slot and the next slot's descriptor says where the bytes are:
// in the claimed slot's buffer. That is not claimed again before the slot after it is done.
bool OffloadQueue::queue(size_t bytes, const NetOffload& offload)
{
    ASSERT(bytes >= 1 && bytes <= max_frame_bytes && !offload.segments());
    const ContextDescriptor context = context_for(offload, 0);
    const bool is_known = context_ == context;
    if (!ring_.has_room(is_known ? 1 : 2)) {
        return false;
    }
    const uint32_t buffer = ring_.buffer_address();
    if (!is_known) {
        put(context);
        context_ = context;
    }
    DataDescriptor data = data_for(buffer, static_cast<uint32_t>(bytes), false, true);
    data.options = options_of(offload);
    put(data);
    return true;
}

// A context for segments is good for its frame alone: it says how long that is.
bool OffloadQueue::queue(std::span<PagePiece> pieces, const NetOffload& offload)
{
    ASSERT(offload.segments());
    const uint32_t payload = size_of(pieces) - offload.header_bytes;
    const bool needs_end = sends_empty_tail_ && payload % offload.segment_bytes == 0;
    if (!ring_.has_room(static_cast<uint32_t>(pieces.size()) + 1 + (needs_end ? 2 : 0))) {
        return false;
    }
    release_pages();                    // of the slots that are used again now, at least
    put(context_for(offload, payload));
    for (size_t i = 0; i < pieces.size(); ++i) {
        const bool last = i + 1 == pieces.size() && !needs_end;
        DataDescriptor data = data_for(pieces[i].physical(), pieces[i].size, true, last);
        data.options = i == 0 ? options_of(offload) : uint8_t{0};
        hold(std::move(pieces[i].page));
        put(data);
    }
    if (needs_end) {
        put_end(offload);
    }
    return true;
}

// At a frame's end QEMU's card sends what it has collected since the last segment, and after a
// full segment that is the next one's header: an empty segment too many. A header that is not
// complete it does not send. So what ends such a frame is an empty piece, after a context with a
// longer header than the card has. The manual allows no context within a frame: this is for that
// card alone.
void OffloadQueue::put_end(const NetOffload& offload)
{
    ContextDescriptor context = context_for(offload, 0);
    context.header_bytes = UINT8_MAX;
    put(context);
    put(data_for(ring_.buffer_address(), 0, true, true));
}

// --- Pages

// Keeps a reference until the slot that is queued next is done.
void OffloadQueue::hold(PageFrame page)
{
    if (held_++ == 0) {
        oldest_held_ = ring_.next();
    }
    pages_[ring_.next()] = std::move(page);
}

void OffloadQueue::release_pages()
{
    while (held_ > 0 && ring_.is_done(oldest_held_)) {
        if (pages_[oldest_held_]) {
            pages_[oldest_held_].reset();
            --held_;
        }
        oldest_held_ = (oldest_held_ + 1) % slots;
    }
}

}  // namespace e1000
