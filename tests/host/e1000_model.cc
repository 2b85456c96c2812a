#include "tests/host/e1000_model.hh"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "kern/memory/frames.hh"
#include "tests/host/frame_bytes.hh"

using namespace e1000;
using namespace frame_bytes;

namespace {

constexpr uint32_t all_ones = ~0u;
constexpr uint32_t reset_status = 0x80080783;           // up, full duplex, 1000 Mbit/s
constexpr uint32_t reset_control = 0x00140240;

constexpr uint32_t tx_written_back = 1u << 0, tx_empty = 1u << 1, link_changed = 1u << 2,
    rx_overrun = 1u << 6, rx_timer = 1u << 7;

constexpr uint32_t receive_base = 0x2800, transmit_base = 0x3800;

// Reading these clears them: the statistics registers, 13.7.
bool clears_when_read(uint32_t offset) { return offset >= 0x4000 && offset < 0x4100; }

bool is_known(uint32_t offset)
{
    const auto in = [&](uint32_t from, uint32_t bytes) {
        return offset >= from && offset < from + bytes;
    };
    static constexpr std::array single = {
        Control::offset, Status::offset, EepromRead::offset, VlanType::offset,
        InterruptCause::offset, InterruptThrottle::offset, InterruptMaskSet::offset,
        InterruptMaskClear::offset, ReceiveControl::offset, TransmitControl::offset,
        TransmitGap::offset, ReceiveDelay::offset,
    };
    return std::ranges::find(single, offset) != single.end() || in(receive_base, 0x20)
        || in(transmit_base, 0x20) || in(MulticastTable::offset, 0x200)
        || in(AddressLow::offset, 0x80) || in(VlanTable::offset, 0x200)
        || clears_when_read(offset);
}

template <typename Descriptor> Descriptor& descriptor(uint32_t base, uint32_t index)
{
    return reinterpret_cast<Descriptor*>(to_pointer({base}))[index];
}

}  // namespace

// The seam: the driver's register accesses end here instead of in kern/dev/register.cc.
uint32_t Registers::load(uint32_t offset) const
{
    return reinterpret_cast<E1000Model*>(const_cast<std::byte*>(base_))->load(offset);
}

void Registers::store(uint32_t offset, uint32_t bits) const
{
    reinterpret_cast<E1000Model*>(const_cast<std::byte*>(base_))->store(offset, bits);
}

E1000Model::E1000Model()
{
    eeprom[0] = 0x5452;
    eeprom[1] = 0x1200;
    eeprom[2] = 0x5634;
    reset();
}

void E1000Model::reset()
{
    values_.clear();
    values_[Control::offset] = reset_control;
    values_[Status::offset] = reset_status;
    values_[AddressLow::offset] = 0x12005452;           // as loaded from the EEPROM
    values_[AddressHigh::offset] = 0x80005634;
    receive_ring_ = {};
    transmit_ring_ = {};
    sending_.clear();
    cause_ = 0;
    mask_ = 0;
}

uint32_t E1000Model::peek(uint32_t offset) const
{
    const auto found = values_.find(offset);
    return found == values_.end() ? 0 : found->second;
}

size_t E1000Model::writes_to(uint32_t offset) const
{
    return static_cast<size_t>(std::ranges::count(writes_, offset));
}

size_t E1000Model::first_write(uint32_t offset) const
{
    const auto found = std::ranges::find(writes_, offset);
    return found == writes_.end() ? npos : static_cast<size_t>(found - writes_.begin());
}

uint32_t E1000Model::load(uint32_t offset)
{
    if (gone) {
        return all_ones;
    }
    EXPECT_TRUE(offset % 4 == 0 && is_known(offset)) << "read of register " << std::hex << offset;

    switch (offset) {
    case InterruptCause::offset: return std::exchange(cause_, 0);
    case InterruptMaskSet::offset: return mask_;
    case receive_base + 0x10: return receive_ring_.head;
    case receive_base + 0x18: return receive_ring_.tail;
    case transmit_base + 0x10: return transmit_ring_.head;
    case transmit_base + 0x18: return transmit_ring_.tail;
    case GoodOctetsReceivedHigh::offset: values_[GoodOctetsReceivedLow::offset] = 0; break;
    case GoodOctetsSentHigh::offset: values_[GoodOctetsSentLow::offset] = 0; break;
    case GoodOctetsReceivedLow::offset:
    case GoodOctetsSentLow::offset: return values_[offset];     // the high half clears both
    default: break;
    }
    return clears_when_read(offset) ? std::exchange(values_[offset], 0) : values_[offset];
}

void E1000Model::store(uint32_t offset, uint32_t bits)
{
    if (gone) {
        return;
    }
    EXPECT_TRUE(offset % 4 == 0 && is_known(offset)) << "write of register " << std::hex << offset;
    writes_.push_back(offset);

    if (offset >= receive_base && offset < receive_base + 0x18) {
        return store_ring(receive_ring_, offset - receive_base, bits,
                          (peek(ReceiveControl::offset) & 2) != 0);
    }
    if (offset >= transmit_base && offset < transmit_base + 0x18) {
        return store_ring(transmit_ring_, offset - transmit_base, bits,
                          (peek(TransmitControl::offset) & 2) != 0);
    }
    switch (offset) {
    case Status::offset: break;                                 // read only
    case InterruptMaskSet::offset: mask_ |= bits; break;
    case InterruptMaskClear::offset: mask_ &= ~bits; break;
    case ReceiveControl::offset: store_receive_control(bits); break;
    case receive_base + 0x18: store_receive_tail(bits); break;
    case transmit_base + 0x18: store_transmit_tail(bits); break;
    case Control::offset:
        if ((bits & (1u << 26)) != 0 && resets) {
            reset();
        } else {
            values_[offset] = bits & ~(1u << 26);
        }
        break;
    case EepromRead::offset:
        values_[offset] = bits;
        if (has_eeprom && (bits & 1) != 0) {
            values_[offset] = bits | 1u << 4 | uint32_t{eeprom.at(bits >> 8 & 0x3F)} << 16;
        }
        break;
    default: values_[offset] = bits; break;
    }
}

// Base, length and head of a ring that is off, 13.4.25 and on.
void E1000Model::store_ring(Ring& ring, uint32_t offset, uint32_t bits, bool enabled)
{
    EXPECT_FALSE(enabled) << "a ring's place must not change while it is in use";
    switch (offset) {
    case 0x00:
        EXPECT_EQ(bits % 16, 0u) << "the ring's address is a multiple of 16";
        ring.base = bits;
        break;
    case 0x04: EXPECT_EQ(bits, 0u) << "memory above 4 GiB"; break;
    case 0x08:
        EXPECT_EQ(bits % 128, 0u) << "the ring's length is a multiple of 128";
        ring.length = bits;
        break;
    case 0x10: ring.head = bits; break;
    default: ADD_FAILURE() << "reserved register in a ring's block";
    }
}

void E1000Model::store_receive_control(uint32_t bits)
{
    values_[ReceiveControl::offset] = bits;
    if ((bits & 2) == 0) {
        return;
    }
    EXPECT_GE(receive_ring_.slots(), 8u) << "the receiver is on without a ring";        // 14.4
    EXPECT_NE(peek(AddressHigh::offset) & (1u << 31), 0u) << "and without an address";
    EXPECT_EQ(bits & (3u << 16 | 1u << 25), 0u) << "the model knows buffers of 2048 bytes";
}

void E1000Model::store_receive_tail(uint32_t tail)
{
    ASSERT_LT(tail, receive_ring_.slots()) << "the tail is an index in the ring";
    for (uint32_t i = receive_ring_.tail; i != tail; i = (i + 1) % receive_ring_.slots()) {
        const auto& given = descriptor<ReceiveDescriptor>(receive_ring_.base, i);
        EXPECT_EQ(given.status, 0) << "descriptor " << i << " is given back with old status";
        EXPECT_EQ(given.errors, 0) << "descriptor " << i << " is given back with old errors";
        EXPECT_NE(given.buffer, 0u) << "descriptor " << i << " has no buffer";
    }
    receive_ring_.tail = tail;
}

void E1000Model::store_transmit_tail(uint32_t tail)
{
    ASSERT_LT(tail, transmit_ring_.slots()) << "the tail is an index in the ring";
    transmit_ring_.tail = tail;
    if (sends_at_once) {
        send();
    }
}

// 3.3, 3.4
void E1000Model::send(size_t limit)
{
    Ring& ring = transmit_ring_;
    bool reported = false;
    while ((peek(TransmitControl::offset) & 2) != 0 && ring.head != ring.tail && limit-- > 0) {
        auto& slot = descriptor<TransmitDescriptor>(ring.base, ring.head);
        const bool reports =
            process(std::as_writable_bytes(std::span<TransmitDescriptor, 1>(&slot, 1)));
        if (reports && !drops_descriptor_write_back) {
            slot.status |= TransmitStatus::done;            // at the same place in all three
            reported = true;
        }
        ring.head = (ring.head + 1) % ring.slots();
    }
    raise((reported ? tx_written_back : 0) | (ring.head == ring.tail ? tx_empty : 0));
}

// Does what a descriptor of any kind says; returns whether it wants to hear of it.
bool E1000Model::process(std::span<std::byte, 16> slot)
{
    std::array<uint32_t, 4> words;
    std::memcpy(words.data(), slot.data(), sizeof words);
    const uint32_t type = words[2] & (ExtendedBits::extended | 0xFu << 20);
    EXPECT_EQ(words[3] & TransmitStatus::done, 0u) << "a descriptor that is done already";
    if ((type & ExtendedBits::extended) == 0) {
        take_plain(std::bit_cast<TransmitDescriptor>(words));
    } else if (type == (ExtendedBits::extended | ExtendedBits::data)) {
        take_data(std::bit_cast<DataDescriptor>(words));
    } else {
        EXPECT_EQ(type, ExtendedBits::extended | ExtendedBits::context) << "an unknown descriptor";
        take_context(std::bit_cast<ContextDescriptor>(words));
    }
    return (words[2] & ExtendedBits::report_status) != 0;   // the legacy one's RS is there too
}

void E1000Model::take_plain(const TransmitDescriptor& plain)
{
    EXPECT_NE(plain.length, 0) << "a descriptor without data";
    EXPECT_EQ(plain.checksum_offset | plain.checksum_start | plain.special, 0);
    append(plain.buffer, plain.length);
    if ((plain.command & TransmitCommand::end_of_packet) != 0) {
        EXPECT_NE(plain.command & TransmitCommand::insert_crc, 0) << "a frame without FCS";
        send_frame(std::exchange(sending_, {}));
        in_frame_ = false;
    }
}

// 3.3.6: the manual leaves open what a context does to a frame that has begun.
void E1000Model::take_context(const ContextDescriptor& context)
{
    EXPECT_TRUE(!in_frame_ || sends_empty_tail) << "a context within a frame";
    ++contexts;
    ((context.payload_and_bits & ExtendedBits::segment) != 0 ? cuts_ : sums_) = context;
}

// 3.3.7
void E1000Model::take_data(const DataDescriptor& data)
{
    const uint32_t bits = data.length_and_bits, bytes = bits & 0xFFFFF;
    const bool cuts = (bits & ExtendedBits::segment) != 0;
    const bool last = (bits & ExtendedBits::end_of_packet) != 0;
    EXPECT_TRUE(bytes > 0 || sends_empty_tail) << "a descriptor without data";
    EXPECT_NE(bits & ExtendedBits::insert_crc, 0u) << "a frame without FCS";
    if (!in_frame_) {
        options_ = data.options;
        segments_ = 0;
        in_frame_ = true;
    }
    append(data.buffer, bytes);
    if (cuts) {
        cut_segments(last);
    } else if (last) {
        if ((options_ & DataOption::checksum) != 0) {
            put_sum(sending_, sums_.checksum_at, sums_.checksum_start, sums_.checksum_end);
        }
        if ((options_ & DataOption::ip_checksum) != 0) {
            put_sum(sending_, sums_.ip_checksum_at, sums_.ip_start, sums_.ip_end);
        }
        send_frame(std::exchange(sending_, {}));
    }
    if (last) {
        in_frame_ = false;
        sending_.clear();
    }
}

void E1000Model::append(uint64_t from, size_t bytes)
{
    const std::byte* const begin = to_pointer({static_cast<uint32_t>(from)});
    sending_.insert(sending_.end(), begin, begin + bytes);
}

// 3.5.5, 3.5.7: of what has come, all whole segments, and with the last piece the rest.
void E1000Model::cut_segments(bool last)
{
    const size_t header = cuts_.header_bytes, whole = header + cuts_.segment_bytes;
    while (sending_.size() >= whole) {
        send_segment({sending_.begin(), sending_.begin() + static_cast<ptrdiff_t>(whole)});
        sending_.erase(sending_.begin() + static_cast<ptrdiff_t>(header),
                       sending_.begin() + static_cast<ptrdiff_t>(whole));
    }
    if (last && (sending_.size() > header || (sends_empty_tail && sending_.size() == header))) {
        send_segment(sending_);
    }
}

// `end` is the last byte that is summed, 0 for the frame's.
void E1000Model::put_sum(Bytes& frame, size_t at, size_t start, size_t end) const
{
    ASSERT_TRUE(start <= at && at + 2 <= frame.size()) << "a checksum outside its frame";
    frame_bytes::put_sum(frame, start, end == 0 ? frame.size() : end + 1, at);
}

// 3.5.8: what the card changes in each segment's headers.
void E1000Model::send_segment(Bytes frame)
{
    const size_t ip = cuts_.ip_start, tcp = cuts_.checksum_start;
    const auto bytes = static_cast<uint32_t>(frame.size());
    const uint32_t before = segments_ * cuts_.segment_bytes;
    if ((cuts_.payload_and_bits & ExtendedBits::context_ipv4) != 0) {
        set(frame, ip + 2, 2, bytes - static_cast<uint32_t>(ip));
        set(frame, ip + 4, 2, get(frame, ip + 4, 2) + segments_);
    } else {
        set(frame, ip + 4, 2, bytes - static_cast<uint32_t>(ip) - 40);
    }
    EXPECT_NE(cuts_.payload_and_bits & ExtendedBits::context_tcp, 0u) << "segments of TCP only";
    set(frame, tcp + 4, 4, get(frame, tcp + 4, 4) + before);
    if ((cuts_.payload_and_bits & 0xFFFFF) > before + cuts_.segment_bytes) {
        set(frame, tcp + 13, 1, get(frame, tcp + 13, 1) & ~9u);     // FIN, PSH
    }
    if ((options_ & DataOption::checksum) != 0) {
        const uint32_t sum = get(frame, cuts_.checksum_at, 2) + bytes - static_cast<uint32_t>(tcp);
        set(frame, cuts_.checksum_at, 2, fold(sum));
        put_sum(frame, cuts_.checksum_at, tcp, cuts_.checksum_end);
    }
    if ((options_ & DataOption::ip_checksum) != 0) {
        put_sum(frame, cuts_.ip_checksum_at, ip, cuts_.ip_end);
    }
    ++segments_;
    send_frame(std::move(frame));
}

void E1000Model::send_frame(Bytes frame)
{
    count(GoodPacketsSent::offset, 1);
    count_octets(GoodOctetsSentLow::offset, frame.size());
    sent.push_back(std::move(frame));
}

// 3.2.1
bool E1000Model::is_for_us(std::span<const std::byte> frame) const
{
    const uint32_t control = peek(ReceiveControl::offset);
    const auto is_broadcast = [&] {
        return std::ranges::all_of(frame.first(6), [](std::byte b) { return b == std::byte{0xFF}; });
    };
    uint32_t low = 0, high = 0;
    std::memcpy(&low, frame.data(), 4);
    std::memcpy(&high, frame.data() + 4, 2);
    for (uint32_t i = 0; i < AddressHigh::count; ++i) {
        if (peek(AddressLow::offset + 8 * i) == low
            && peek(AddressHigh::offset + 8 * i) == (high | 1u << 31)) {
            return true;
        }
    }
    // 13.5.1, with RCTL.MO 0.
    const uint32_t hash = high >> 4;
    const uint32_t word = peek(MulticastTable::offset + 4 * (hash / 32));
    const bool in_table = (low & 1) != 0 && (word >> hash % 32 & 1) != 0;
    return in_table || ((control & (1u << 15)) != 0 && is_broadcast());
}

// The card never fills the descriptor at the tail, 3.2.6.
uint32_t E1000Model::receive_room() const
{
    const Ring& ring = receive_ring_;
    return ring.slots() == 0 ? 0 : (ring.tail + ring.slots() - ring.head) % ring.slots();
}

bool E1000Model::receive(std::span<const std::byte> frame, uint8_t errors)
{
    const uint32_t control = peek(ReceiveControl::offset);
    if ((control & 2) == 0 || !is_for_us(frame)) {
        return false;
    }
    EXPECT_NE(control & (1u << 26), 0u) << "without SECRC the model would have to add an FCS";
    if (frame.size() > 1522 && (control & (1u << 5)) == 0) {
        count(OversizePackets::offset, 1);
        return false;
    }
    const size_t needed = (frame.size() + 2047) / 2048;
    if (receive_room() < needed) {
        count(MissedPackets::offset, 1);
        raise(rx_overrun);
        return false;
    }
    for (size_t at = 0; at < frame.size(); at += 2048) {
        const auto part = frame.subspan(at, std::min<size_t>(2048, frame.size() - at));
        auto& slot = descriptor<ReceiveDescriptor>(receive_ring_.base, receive_ring_.head);
        std::ranges::copy(part, to_pointer({static_cast<uint32_t>(slot.buffer)}));
        const bool last = at + part.size() == frame.size();
        write_back_receive(static_cast<uint16_t>(part.size()),
                           static_cast<uint8_t>(ReceiveStatus::done | (last ? 2 : 0)), errors);
    }
    count(GoodPacketsReceived::offset, 1);
    count_octets(GoodOctetsReceivedLow::offset, frame.size());
    return true;
}

void E1000Model::write_back_receive(uint16_t length, uint8_t status, uint8_t errors)
{
    ASSERT_GT(receive_room(), 0u);
    auto& slot = descriptor<ReceiveDescriptor>(receive_ring_.base, receive_ring_.head);
    slot.length = length;
    slot.errors = errors;
    slot.status = status;
    receive_ring_.head = (receive_ring_.head + 1) % receive_ring_.slots();
    raise(rx_timer);
}

void E1000Model::set_link(bool up)
{
    values_[Status::offset] = up ? reset_status : reset_status & ~2u;
    raise(link_changed);
}

// Statistics stop at their largest value, 13.7.
void E1000Model::count(uint32_t offset, uint64_t amount)
{
    const uint64_t sum = values_[offset] + amount;
    values_[offset] = sum > all_ones ? all_ones : static_cast<uint32_t>(sum);
}

// Octet counters are pairs of registers and count the FCS, 13.7.20 and on.
void E1000Model::count_octets(uint32_t low, uint64_t frame_bytes)
{
    const uint64_t sum = (uint64_t{values_[low + 4]} << 32 | values_[low]) + frame_bytes + 4;
    values_[low] = static_cast<uint32_t>(sum);
    values_[low + 4] = static_cast<uint32_t>(sum >> 32);
}

E1000Model::Bytes make_frame(size_t size, unsigned seed, std::array<uint8_t, 6> to)
{
    E1000Model::Bytes frame(size);
    for (size_t i = 0; i < size; ++i) {
        frame[i] = i < to.size() ? std::byte{to[i]} : static_cast<std::byte>(seed * 31 + i * 7);
    }
    return frame;
}
