// The receive ring: SDM 3.2.3 (descriptors), 3.2.6 (ring), 14.4 (start).
#include <atomic>

#include "inc/stdio.hh"
#include "kern/dev/e1000.hh"
#include "kern/dev/nic_trace.hh"

namespace e1000 {

ReceiveRing::ReceiveRing(Registers registers, PageFrame ring, SlotBuffers<slots> buffers)
    : registers_(registers), ring_(std::move(ring)), buffers_(std::move(buffers))
{
}

Result<ReceiveRing> ReceiveRing::create(Registers registers)
{
    PageFrame ring = TRY(PageFrame::allocate());
    SlotBuffers<slots> buffers = TRY(SlotBuffers<slots>::create());
    return ReceiveRing(registers, std::move(ring), std::move(buffers));
}

volatile ReceiveDescriptor& ReceiveRing::descriptor(uint32_t slot) const
{
    return ring_.as<volatile ReceiveDescriptor>()[slot];
}

// The card leaves bits that it does not use as they were: so all of them are cleared.
void ReceiveRing::make_empty(uint32_t slot)
{
    volatile ReceiveDescriptor& empty = descriptor(slot);
    empty.buffer = buffers_.physical(slot);
    empty.length = 0;
    empty.errors = 0;
    empty.status = 0;
}

void ReceiveRing::start()
{
    for (uint32_t slot = 0; slot < slots; ++slot) {
        make_empty(slot);
    }
    next_ = 0;
    owed_ = 0;
    inside_frame_ = false;

    using Ring = ReceiveRingRegisters;
    registers_.write(Ring::AddressLow::address(ring_.physical().value));
    registers_.write(Ring::AddressHigh::address(0));
    registers_.write(Ring::Length::bytes(slots * sizeof(ReceiveDescriptor)));
    registers_.write(Ring::Head::index(0));
    registers_.write(Ring::Tail::index(slots - 1));
}

void ReceiveRing::return_buffers()
{
    owed_ = 0;
    std::atomic_thread_fence(std::memory_order_release);        // descriptors before the tail
    registers_.write(ReceiveRingRegisters::Tail::index((next_ + slots - 1) % slots));
}

inline std::span<const std::byte> ReceiveRing::oldest()
{
    for (uint32_t looked_at = 0; looked_at < slots; ++looked_at) {
        const volatile ReceiveDescriptor& slot = descriptor(next_);
        const uint8_t status = slot.status;
        if ((status & ReceiveStatus::done) == 0) {
            return {};
        }
        std::atomic_thread_fence(std::memory_order_acquire);    // status before the rest
        const uint32_t length = slot.length;
        const bool starts = !inside_frame_;
        const bool ends = (status & ReceiveStatus::end_of_packet) != 0;
        const bool sound = (slot.errors & ReceiveError::frame) == 0;
        if (starts && ends && sound && length >= 1 && length <= max_frame_bytes) [[likely]] {
            return buffers_.of(next_).first(length);
        }
        drop();
    }
    return {};
}

inline void ReceiveRing::release()
{
    if (nic_traces(NicTrace::receive)) [[unlikely]] {
        cprintf("e1000: rx index %u: 0x%x : length %u status %02x\n", next_,
                buffers_.physical(next_), descriptor(next_).length, descriptor(next_).status);
    }
    make_empty(next_);
    next_ = (next_ + 1) % slots;
    if (++owed_ == owed_limit) {
        return_buffers();
    }
}

// Passes over a descriptor that does not hold a whole, sound frame.
void ReceiveRing::drop()
{
    const volatile ReceiveDescriptor& slot = descriptor(next_);
    const bool ends = (slot.status & ReceiveStatus::end_of_packet) != 0;
    if (nic_traces(NicTrace::receive_errors)) {
        cprintf("e1000: rx index %u dropped: length %u status %02x errors %02x%s\n", next_,
                slot.length, slot.status, slot.errors,
                inside_frame_ ? ", rest of a longer frame" : "");
    }
    inside_frame_ = !ends;
    errors_ += ends ? 1 : 0;                    // once for each frame
    release();
}

// The card's part of what is done for each frame: here, where the ring's part is inlined.
std::span<const std::byte> Card::oldest_frame()
{
    return present_ ? receive_.oldest() : std::span<const std::byte>{};
}

void Card::release_frame() { receive_.release(); }

}  // namespace e1000
