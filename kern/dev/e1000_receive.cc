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

std::span<const std::byte> ReceiveRing::oldest()
{
    for (uint32_t looked_at = 0; looked_at < slots; ++looked_at) {
        const volatile ReceiveDescriptor& slot = descriptor(next_);
        const uint8_t status = slot.status;
        if ((status & ReceiveStatus::done) == 0) {
            return {};
        }
        std::atomic_thread_fence(std::memory_order_acquire);    // status before the rest
        const uint32_t length = slot.length;
        if (accept(length, status, slot.errors)) {
            return buffers_.of(next_).first(length);
        }
        release();
    }
    return {};
}

// Whether the descriptor holds a whole, sound frame.
bool ReceiveRing::accept(uint32_t length, uint8_t status, uint8_t errors)
{
    const bool starts = !inside_frame_;
    const bool ends = (status & ReceiveStatus::end_of_packet) != 0;
    const bool sound = (errors & ReceiveError::frame) == 0;
    if (starts && ends && sound && length >= 1 && length <= max_frame_bytes) {
        return true;
    }
    if (nic_traces(NicTrace::receive_errors)) [[unlikely]] {
        cprintf("e1000: rx index %u dropped: length %u status %02x errors %02x%s\n", next_, length,
                status, errors, starts ? "" : ", rest of a longer frame");
    }
    inside_frame_ = !ends;
    errors_ += ends ? 1 : 0;                    // once for each frame
    return false;
}

void ReceiveRing::release()
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

void ReceiveRing::return_buffers()
{
    owed_ = 0;
    std::atomic_thread_fence(std::memory_order_release);        // descriptors before the tail
    registers_.write(ReceiveRingRegisters::Tail::index((next_ + slots - 1) % slots));
}

}  // namespace e1000
