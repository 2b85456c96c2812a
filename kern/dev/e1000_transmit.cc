// The transmit ring: SDM 3.3.3 (descriptors), 3.4 (ring), 14.5 (start).
#include <atomic>

#include "inc/stdio.hh"
#include "kern/dev/e1000.hh"
#include "kern/dev/nic_trace.hh"

namespace e1000 {

namespace {

constexpr uint8_t whole_frame = TransmitCommand::end_of_packet | TransmitCommand::insert_crc
    | TransmitCommand::report_status;

}  // namespace

TransmitRing::TransmitRing(Registers registers, PageFrame ring, SlotBuffers<slots> buffers)
    : registers_(registers), ring_(std::move(ring)), buffers_(std::move(buffers))
{
}

Result<TransmitRing> TransmitRing::create(Registers registers)
{
    PageFrame ring = TRY(PageFrame::allocate());
    SlotBuffers<slots> buffers = TRY(SlotBuffers<slots>::create());
    return TransmitRing(registers, std::move(ring), std::move(buffers));
}

volatile TransmitDescriptor& TransmitRing::descriptor(uint32_t slot) const
{
    return ring_.as<volatile TransmitDescriptor>()[slot];
}

bool TransmitRing::is_done(uint32_t slot) const
{
    const bool done = (descriptor(slot).status & TransmitStatus::done) != 0;
    std::atomic_thread_fence(std::memory_order_acquire);    // the card's work before our next
    return done;
}

void TransmitRing::start()
{
    for (uint32_t slot = 0; slot < slots; ++slot) {
        descriptor(slot).buffer = buffers_.physical(slot);
        descriptor(slot).status = TransmitStatus::done;
    }
    tail_ = 0;

    using Ring = TransmitRingRegisters;
    registers_.write(Ring::AddressLow::address(ring_.physical().value));
    registers_.write(Ring::AddressHigh::address(0));
    registers_.write(Ring::Length::bytes(slots * sizeof(TransmitDescriptor)));
    registers_.write(Ring::Head::index(0));
    registers_.write(Ring::Tail::index(0));
}

std::span<std::byte> TransmitRing::claim()
{
    if (!is_done((tail_ + 1) % slots)) {
        ++times_full_;
        if (nic_traces(NicTrace::transmit_errors)) [[unlikely]] {
            cprintf("e1000: tx ring full, next index %u\n", tail_);
        }
        return {};
    }
    return buffers_.of(tail_).first(max_frame_bytes);
}

void TransmitRing::queue(size_t bytes)
{
    ASSERT(bytes >= 1 && bytes <= max_frame_bytes);

    volatile TransmitDescriptor& slot = descriptor(tail_);  // start() has set its buffer
    slot.length = static_cast<uint16_t>(bytes);
    slot.command = whole_frame;
    slot.status = 0;                                        // the card sets `done` again
    if (nic_traces(NicTrace::transmit)) [[unlikely]] {
        cprintf("e1000: index %u: 0x%x : %x %x\n", tail_, buffers_.physical(tail_),
                static_cast<unsigned>(bytes) | unsigned{whole_frame} << 24, 0u);
    }
    tail_ = (tail_ + 1) % slots;
}

void TransmitRing::hand_over()
{
    if (nic_traces(NicTrace::transmit_errors)
        && TransmitControl::enable.of(registers_.read<TransmitControl>()) == 0) [[unlikely]] {
        cprintf("e1000: tx disabled\n");
    }
    std::atomic_thread_fence(std::memory_order_release);    // frames and descriptors first
    registers_.write(TransmitRingRegisters::Tail::index(tail_));
}

}  // namespace e1000
