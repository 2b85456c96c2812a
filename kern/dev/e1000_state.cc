// What people see of an E1000: the monitor's `nic` shows registers that matter and both rings,
// decoded; the status page draws the rings.
#include "inc/stdio.hh"
#include "kern/dev/e1000.hh"

namespace e1000 {

namespace {

// Long runs of equal slots are one line: `print(first, last)` for each run.
template <typename Same, typename Print>
void for_each_run(uint32_t slots, Same same, Print print)
{
    for (uint32_t first = 0; first < slots;) {
        uint32_t last = first;
        while (last + 1 < slots && same(first, last + 1)) {
            ++last;
        }
        print(first, last);
        first = last + 1;
    }
}

void print_slots(uint32_t first, uint32_t last)
{
    if (first == last) {
        cprintf("    %3u      ", first);
    } else {
        cprintf("    %3u..%-3u ", first, last);
    }
}

}  // namespace

void TransmitRing::print() const
{
    using Ring = TransmitRingRegisters;
    cprintf("transmit ring: %u descriptors at 0x%08x, head %u, tail %u, next to queue %u\n", slots,
            ring_.physical().value, Ring::Head::index.of(registers_.read<Ring::Head>()),
            Ring::Tail::index.of(registers_.read<Ring::Tail>()), tail_);
    const auto same = [&](uint32_t a, uint32_t b) {
        return descriptor(a).status == descriptor(b).status
            && descriptor(a).length == descriptor(b).length
            && descriptor(a).command == descriptor(b).command;
    };
    for_each_run(slots, same, [&](uint32_t first, uint32_t last) {
        const volatile TransmitDescriptor& slot = descriptor(first);
        const uint8_t command = slot.command;
        const bool is_context = (command & TransmitCommand::extended) != 0
            && (slot.checksum_offset >> 4) == 0;            // DTYP
        print_slots(first, last);
        if (is_context) {
            cprintf("context for checksums or segments, status %02x %s\n", slot.status,
                    is_done(first) ? "DD, free" : "the card's");
            return;
        }
        cprintf("buffer 0x%08x length %4u command %02x%s%s%s status %02x %s\n",
                static_cast<uint32_t>(slot.buffer), slot.length, command,
                (command & TransmitCommand::end_of_packet) != 0 ? " EOP" : "",
                (command & TransmitCommand::insert_crc) != 0 ? " IFCS" : "",
                (command & TransmitCommand::report_status) != 0 ? " RS" : "", slot.status,
                is_done(first) ? "DD, free" : "the card's");
    });
}

void ReceiveRing::print() const
{
    using Ring = ReceiveRingRegisters;
    cprintf("receive ring: %u descriptors at 0x%08x, head %u, tail %u, next frame in %u, "
            "%u owed to the card\n",
            slots, ring_.physical().value, Ring::Head::index.of(registers_.read<Ring::Head>()),
            Ring::Tail::index.of(registers_.read<Ring::Tail>()), next_, owed_);
    const auto same = [&](uint32_t a, uint32_t b) {
        return descriptor(a).status == descriptor(b).status
            && descriptor(a).length == descriptor(b).length
            && descriptor(a).errors == descriptor(b).errors;
    };
    for_each_run(slots, same, [&](uint32_t first, uint32_t last) {
        const volatile ReceiveDescriptor& slot = descriptor(first);
        const uint8_t status = slot.status;
        print_slots(first, last);
        cprintf("buffer 0x%08x length %4u status %02x%s%s errors %02x %s\n",
                buffers_.physical(first), slot.length, status,
                (status & ReceiveStatus::done) != 0 ? " DD" : "",
                (status & ReceiveStatus::end_of_packet) != 0 ? " EOP" : "", slot.errors,
                (status & ReceiveStatus::done) != 0 ? "a frame to take" : "empty");
    });
}

// Slots from the tail register's on that are not done were queued, but not handed over yet.
void TransmitRing::describe(NetRing& ring) const
{
    using Ring = TransmitRingRegisters;
    ring.slots = slots;
    ring.head = Ring::Head::index.of(registers_.read<Ring::Head>());
    ring.tail = Ring::Tail::index.of(registers_.read<Ring::Tail>());
    ring.next = tail_;
    for (uint32_t slot = 0; slot < slots; ++slot) {
        ring.state[slot] = is_done(slot) ? RingSlot::ours : RingSlot::card;
    }
    for (uint32_t slot = ring.tail % slots; slot != tail_; slot = (slot + 1) % slots) {
        ring.state[slot] = RingSlot::frame;
    }
}

void ReceiveRing::describe(NetRing& ring) const
{
    using Ring = ReceiveRingRegisters;
    ring.slots = slots;
    ring.head = Ring::Head::index.of(registers_.read<Ring::Head>());
    ring.tail = Ring::Tail::index.of(registers_.read<Ring::Tail>());
    ring.next = next_;
    for (uint32_t slot = 0; slot < slots; ++slot) {
        const bool done = (descriptor(slot).status & ReceiveStatus::done) != 0;
        ring.state[slot] = done ? RingSlot::frame : RingSlot::card;
    }
    // From the tail register's slot up to next_ they are empty, and not given back yet.
    for (uint32_t slot = ring.tail % slots; slot != next_; slot = (slot + 1) % slots) {
        ring.state[slot] = RingSlot::ours;
    }
}

void Card::print_state()
{
    if (!present_) {
        cprintf("the card no longer answers\n");
        return;
    }
    cprintf("CTRL %08x STATUS %08x RCTL %08x TCTL %08x IMS %08x\n",
            registers_.read<Control>().bits, registers_.read<Status>().bits,
            registers_.read<ReceiveControl>().bits, registers_.read<TransmitControl>().bits,
            registers_.read<InterruptMaskSet>().bits);
    transmit_.print();
    receive_.print();
}

}  // namespace e1000
