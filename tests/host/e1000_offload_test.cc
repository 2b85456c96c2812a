// Checksums and segments by the E1000: what the driver asks of a model card, and what the card
// makes of it; which descriptions are refused.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "kern/dev/e1000.hh"
#include "tests/host/e1000_model.hh"
#include "tests/host/fake_kernel.hh"
#include "tests/host/frame_bytes.hh"

using namespace e1000;
using namespace frame_bytes;

namespace {

using Bytes = E1000Model::Bytes;

constexpr uint32_t tdt = 0x3818, ims = 0x00D0;
constexpr size_t ethernet = 14, ipv4 = 20, ipv6 = 40, tcp = 20, udp = 8;

// A TCP or UDP packet as its sender leaves it to the card.
struct Packet {
    bool is_ipv6 = false;
    bool is_tcp = true;
    Bytes bytes;

    size_t ip_header() const { return is_ipv6 ? ipv6 : ipv4; }
    size_t transport() const { return ethernet + ip_header(); }
    size_t headers() const { return transport() + (is_tcp ? tcp : udp); }
    size_t checksum_at() const { return transport() + (is_tcp ? 16 : 6); }
    uint32_t protocol() const { return is_tcp ? 6 : 17; }
    uint32_t addresses_sum(const Bytes& frame) const
    {
        return is_ipv6 ? sum_of(frame, ethernet + 8, ethernet + 40)
                       : sum_of(frame, ethernet + 12, ethernet + 20);
    }
    NetOffload sums() const
    {
        return {.work = NetOffload::checksum,
                .checksum_start = static_cast<uint8_t>(transport()),
                .checksum_at = static_cast<uint8_t>(checksum_at())};
    }
    NetOffload cuts(uint16_t segment_bytes) const
    {
        NetOffload offload = sums();
        offload.work |= is_ipv6 ? NetOffload::segment_ipv6 : NetOffload::segment_ipv4;
        offload.ip_start = ethernet;
        offload.header_bytes = static_cast<uint16_t>(headers());
        offload.segment_bytes = segment_bytes;
        return offload;
    }
};

constexpr uint32_t first_id = 0xFFFE, first_sequence = 0xFFFFFF00;      // both wrap soon
constexpr uint32_t fin_push_ack = 0x19, ack = 0x10;

Packet make_packet(size_t payload, bool is_ipv6 = false, bool is_tcp = true, bool to_be_cut = false)
{
    Packet packet{is_ipv6, is_tcp, {}};
    packet.bytes = make_frame(packet.headers() + payload, static_cast<unsigned>(payload));
    Bytes& bytes = packet.bytes;
    const auto after_ip = static_cast<uint32_t>(bytes.size() - packet.transport());
    set(bytes, 12, 2, is_ipv6 ? 0x86DD : 0x0800);
    if (is_ipv6) {
        set(bytes, ethernet, 4, 6u << 28);
        set(bytes, ethernet + 4, 4, after_ip << 16 | packet.protocol() << 8 | 64);
    } else {
        set(bytes, ethernet, 4, 0x4500u << 16 | (to_be_cut ? 0 : ipv4 + after_ip));
        set(bytes, ethernet + 4, 4, first_id << 16);
        set(bytes, ethernet + 8, 4, 64u << 24 | packet.protocol() << 16);
        if (!to_be_cut) {
            set(bytes, ethernet + 10, 2, ~sum_of(bytes, ethernet, ethernet + ipv4));
        }
    }
    if (is_tcp) {
        set(bytes, packet.transport() + 4, 4, first_sequence);
        set(bytes, packet.transport() + 12, 2, 0x5000 | fin_push_ack);
    } else {
        set(bytes, packet.transport() + 4, 2, after_ip);
    }
    set(bytes, packet.checksum_at(), 2,
        fold(packet.addresses_sum(bytes) + packet.protocol() + (to_be_cut ? 0 : after_ip)));
    return packet;
}

// Whether the frame's checksums are right, and IP's length.
void expect_sound(const Packet& packet, const Bytes& frame)
{
    const auto after_ip = static_cast<uint32_t>(frame.size() - packet.transport());
    if (packet.is_ipv6) {
        EXPECT_EQ(get(frame, ethernet + 4, 2), after_ip);
    } else {
        EXPECT_EQ(get(frame, ethernet + 2, 2), ipv4 + after_ip);
        EXPECT_EQ(sum_of(frame, ethernet, ethernet + ipv4), 0xFFFFu) << "IP's checksum";
    }
    EXPECT_EQ(fold(packet.addresses_sum(frame) + packet.protocol() + after_ip
                   + sum_of(frame, packet.transport(), frame.size())), 0xFFFFu);
    EXPECT_NE(get(frame, packet.checksum_at(), 2), 0u);
}

class Offload : public testing::Test {
protected:
    void SetUp() override { start({.name = "82540EM"}); }

    void start(const Card::Model& which)
    {
        fake::reset();
        model.sends_empty_tail = which.sends_empty_tail;
        const Registers registers = model.registers();
        card.reset();
        card.emplace(registers, which, TransmitRing::create(registers).value(),
                     ReceiveRing::create(registers).value());
        card->start();
        frames_before = fake::frames_in_use();
    }

    static bool queue(Nic::Transmission& out, const Packet& packet)
    {
        const std::span<std::byte> buffer = out.claim();
        if (buffer.empty()) {
            return false;
        }
        std::ranges::copy(packet.bytes, buffer.begin());
        return out.queue(packet.bytes.size(), packet.sums());
    }

    static bool queue_plain(Nic::Transmission& out, const Bytes& frame)
    {
        const std::span<std::byte> buffer = out.claim();
        if (buffer.empty()) {
            return false;
        }
        std::ranges::copy(frame, buffer.begin());
        out.queue(frame.size());
        return true;
    }

    // In pages, the first of them from `offset` on.
    static bool queue_cut(Nic::Transmission& out, const Packet& packet, uint16_t segment_bytes,
                          uint32_t offset = 12)
    {
        std::vector<PagePiece> pieces;
        for (size_t done = 0; done < packet.bytes.size(); offset = 0) {
            PagePiece& piece = pieces.emplace_back();
            piece.page = PageFrame::allocate().value();
            piece.offset = offset;
            piece.size = static_cast<uint32_t>(
                std::min<size_t>(page_size - offset, packet.bytes.size() - done));
            std::copy_n(packet.bytes.begin() + static_cast<ptrdiff_t>(done), piece.size,
                        piece.page.data() + offset);
            done += piece.size;
        }
        return out.queue(pieces, packet.cuts(segment_bytes));
    }

    bool send(const Packet& packet)
    {
        Nic::Transmission out(*card);
        return queue(out, packet);
    }

    bool send_cut(const Packet& packet, uint16_t segment_bytes, uint32_t offset = 12)
    {
        Nic::Transmission out(*card);
        return queue_cut(out, packet, segment_bytes, offset);
    }

    // What the card has sent since is `packet` in segments, and nothing else.
    void expect_segments(const Packet& packet, size_t segment_bytes)
    {
        size_t at = packet.headers();
        uint32_t number = 0;
        for (const Bytes& frame : std::exchange(model.sent, {})) {
            ASSERT_GT(frame.size(), packet.headers()) << "segment " << number << " is empty";
            const size_t payload = frame.size() - packet.headers();
            const bool last = at + payload == packet.bytes.size();
            EXPECT_TRUE(last || payload == segment_bytes);
            EXPECT_TRUE(std::equal(frame.begin() + static_cast<ptrdiff_t>(packet.headers()),
                                   frame.end(),
                                   packet.bytes.begin() + static_cast<ptrdiff_t>(at)));
            EXPECT_EQ(get(frame, packet.transport() + 4, 4),
                      first_sequence + static_cast<uint32_t>(at - packet.headers()));
            EXPECT_EQ(get(frame, packet.transport() + 13, 1), last ? fin_push_ack : ack);
            if (!packet.is_ipv6) {
                EXPECT_EQ(get(frame, ethernet + 4, 2), (first_id + number) & 0xFFFF);
            }
            expect_sound(packet, frame);
            at += payload;
            ++number;
        }
        EXPECT_EQ(at, packet.bytes.size()) << "all of it";
        EXPECT_EQ(fake::frames_in_use(), frames_before) << "no page is kept";
    }

    E1000Model model;
    std::optional<Card> card;
    size_t frames_before = 0;
};

}  // namespace

uint32_t nic_wanted_offloads() { return NetOffload::all; }
Nic* nic_card() { return nullptr; }
bool nic_register(Nic&) { return false; }

// --- Checksums

TEST_F(Offload, SumsFramesOfAllKindsAndLengths)
{
    for (const bool is_ipv6 : {false, true}) {
        for (const bool is_tcp : {true, false}) {
            for (const size_t payload : {0, 1, 2, 3, 100, 101, 1400}) {
                const Packet packet = make_packet(payload, is_ipv6, is_tcp);
                ASSERT_TRUE(send(packet));
                ASSERT_EQ(model.sent.size(), 1u);
                EXPECT_EQ(model.sent[0].size(), packet.bytes.size());
                expect_sound(packet, model.sent[0]);
                model.sent.clear();
            }
        }
    }
    EXPECT_EQ(model.contexts, 4u) << "one for each kind of frame";
}

TEST_F(Offload, AUdpSumOfZeroIsWrittenAsAllOnes)
{
    Packet packet = make_packet(2, false, false);
    const size_t at = packet.headers();
    set(packet.bytes, at, 2, 0);
    const uint32_t sum = sum_of(packet.bytes, packet.transport(), packet.bytes.size());
    set(packet.bytes, at, 2, 0xFFFF - sum);         // the whole is 0xFFFF now, its complement 0
    ASSERT_TRUE(send(packet));
    EXPECT_EQ(get(model.sent[0], packet.checksum_at(), 2), 0xFFFFu);
    expect_sound(packet, model.sent[0]);
}

TEST_F(Offload, AContextIsQueuedOnlyWhenItIsNew)
{
    const Packet four = make_packet(10), six = make_packet(10, true);
    for (const Packet* packet : {&four, &four, &six, &six, &four}) {
        ASSERT_TRUE(send(*packet));
    }
    EXPECT_EQ(model.contexts, 3u);
    ASSERT_TRUE(send_cut(make_packet(2000, false, true, true), 1000));
    ASSERT_TRUE(send(four));
    EXPECT_EQ(model.contexts, 4u) << "segments have a context of their own";
    for (const Bytes& frame : model.sent) {
        expect_sound(get(frame, 12, 2) == 0x0800 ? four : six, frame);
    }
}

TEST_F(Offload, AResetCardHasNoContext)
{
    ASSERT_TRUE(send(make_packet(10)));
    card->start();
    ASSERT_TRUE(send(make_packet(10)));
    EXPECT_EQ(model.contexts, 2u);
}

TEST_F(Offload, ABatchOfAllKindsIsOneTailWriteInOrder)
{
    const Packet summed = make_packet(500), cut = make_packet(5000, false, true, true);
    const size_t before = model.writes_to(tdt);
    {
        Nic::Transmission out(*card);
        ASSERT_TRUE(queue_plain(out, make_frame(60, 1)));
        ASSERT_TRUE(queue(out, summed));
        ASSERT_TRUE(queue_cut(out, cut, 2000 - 800));
        ASSERT_TRUE(queue_plain(out, make_frame(61, 2)));
        EXPECT_TRUE(model.sent.empty());
    }
    EXPECT_EQ(model.writes_to(tdt), before + 1);
    ASSERT_EQ(model.sent.size(), 8u);
    EXPECT_EQ(model.sent.front(), make_frame(60, 1));
    EXPECT_EQ(model.sent.back(), make_frame(61, 2));
    expect_sound(summed, model.sent[1]);
    model.sent = {model.sent.begin() + 2, model.sent.end() - 1};
    expect_segments(cut, 1200);
}

// --- Segments

TEST_F(Offload, CutsAtAllEdges)
{
    for (const bool is_ipv6 : {false, true}) {
        for (const size_t payload : {1, 999, 1000, 1001, 1999, 2000, 2001, 5000, 61000}) {
            const Packet packet = make_packet(payload, is_ipv6, true, true);
            for (const uint32_t offset : {0u, 12u, 4042u, 4095u}) {
                SCOPED_TRACE(testing::Message() << payload << " bytes from " << offset);
                ASSERT_TRUE(send_cut(packet, 1000, offset));
                expect_segments(packet, 1000);
            }
        }
    }
}

TEST_F(Offload, QemusCardSendsNoEmptySegmentEither)
{
    start({.name = "82540EM", .sends_empty_tail = true});
    for (const size_t payload : {1, 999, 1000, 1001, 3000, 61000}) {
        const Packet packet = make_packet(payload, false, true, true);
        SCOPED_TRACE(payload);
        ASSERT_TRUE(send_cut(packet, 1000));
        expect_segments(packet, 1000);
        ASSERT_TRUE(send(make_packet(33)));
        ASSERT_EQ(model.sent.size(), 1u);
        expect_sound(make_packet(33), model.sent[0]);
        model.sent.clear();
    }
}

TEST_F(Offload, WrapsTheRingWithinFrames)
{
    fake::limit_frames(10'000);
    for (unsigned round = 0; round < 300; ++round) {
        const Packet packet = make_packet(1 + round * 197 % 60000, false, true, true);
        ASSERT_TRUE(send_cut(packet, 1460)) << round;
        expect_segments(packet, 1460);
        const Bytes plain = make_frame(60 + round, round);
        const Packet summed = make_packet(round, round % 2 == 1);
        {
            Nic::Transmission out(*card);
            ASSERT_TRUE(queue_plain(out, plain) && queue(out, summed));
        }
        ASSERT_EQ(model.sent.size(), 2u);
        EXPECT_EQ(model.sent[0], plain) << "a slot's own buffer, after it was used for other things";
        expect_sound(summed, model.sent[1]);
        model.sent.clear();
    }
}

TEST_F(Offload, AFrameThatDoesNotFitTakesNoSlot)
{
    model.sends_at_once = false;
    const Packet large = make_packet(60000, false, true, true);     // 15 pages and a context
    {
        Nic::Transmission out(*card);
        EXPECT_TRUE(queue_cut(out, large, 1460));
        EXPECT_TRUE(queue_cut(out, large, 1460));
        EXPECT_TRUE(queue_cut(out, large, 1460));
        EXPECT_FALSE(queue_cut(out, large, 1460)) << "15 slots are free";
        for (int i = 0; i < 15; ++i) {
            EXPECT_TRUE(queue_plain(out, make_frame(60, 1)));
        }
        EXPECT_FALSE(queue_plain(out, make_frame(60, 1)));
    }
    EXPECT_EQ(fake::frames_in_use(), frames_before + 3 * 15);
    model.send();
    EXPECT_EQ(model.sent.size(), 3 * 42u + 15);
}

TEST_F(Offload, TheLastFreeSlotIsNotEnoughForAContextToo)
{
    model.sends_at_once = false;
    {
        Nic::Transmission out(*card);
        for (unsigned i = 0; i < TransmitRing::slots - 2; ++i) {
            ASSERT_TRUE(queue_plain(out, make_frame(60, i)));
        }
        EXPECT_FALSE(queue(out, make_packet(10)));
        EXPECT_TRUE(queue_plain(out, make_frame(60, 99))) << "it is free still";
    }
    model.send();
    ASSERT_EQ(model.sent.size(), TransmitRing::slots - 1);
    EXPECT_EQ(model.sent.back(), make_frame(60, 99));
    EXPECT_EQ(model.contexts, 0u);
}

TEST_F(Offload, AFullRingGoesOnWhenTheCardKeepsUp)
{
    const Packet large = make_packet(60000, false, true, true);
    Nic::Transmission out(*card);
    for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(queue_cut(out, large, 1460)) << i;
        ASSERT_TRUE(queue(out, make_packet(10)));
    }
}

// --- Pages

TEST_F(Offload, PagesAreKeptUntilTheCardHasReadThem)
{
    model.sends_at_once = false;
    const Packet packet = make_packet(10000, false, true, true);
    ASSERT_TRUE(send_cut(packet, 1460));
    EXPECT_EQ(fake::frames_in_use(), frames_before + 3);
    EXPECT_EQ(model.load(ims) & 1, 1u) << "the card is to tell";
    model.send(2);                                  // the context and the first page
    ASSERT_TRUE(model.interrupts());
    Card::on_interrupt(&*card);
    EXPECT_EQ(fake::frames_in_use(), frames_before + 2);
    EXPECT_EQ(model.load(ims) & 1, 1u) << "there is more";
    model.send();
    ASSERT_TRUE(model.interrupts());
    Card::on_interrupt(&*card);
    expect_segments(packet, 1460);
    EXPECT_EQ(model.load(ims) & 1, 0u);
}

TEST_F(Offload, SlotsAreUsedAgainBeforeTheCardHasToldThatTheyAreDone)
{
    model.sends_at_once = false;
    const Packet large = make_packet(60000, false, true, true);     // 15 pages and a context
    for (int round = 0; round < 3; ++round) {
        {
            Nic::Transmission out(*card);
            for (int i = 0; i < 3; ++i) {
                ASSERT_TRUE(queue_cut(out, large, 1460)) << round;
            }
            for (int i = 0; i < 15; ++i) {
                ASSERT_TRUE(queue_plain(out, make_frame(60, 1))) << round;
            }
        }
        model.send();                                   // and no interrupt
    }
    EXPECT_LE(fake::frames_in_use(), frames_before + 3 * 15);
    Card::on_interrupt(&*card);
    EXPECT_EQ(fake::frames_in_use(), frames_before);
}

TEST_F(Offload, ACardThatSendsAtOnceCausesNoInterrupt)
{
    ASSERT_TRUE(send_cut(make_packet(10000, false, true, true), 1460));
    EXPECT_EQ(fake::frames_in_use(), frames_before);
    EXPECT_EQ(model.load(ims) & 1, 0u);
    EXPECT_FALSE(model.interrupts());
}

TEST_F(Offload, AHeldTransmitterKeepsPagesUntilItGoesOn)
{
    card->hold_transmit(true);
    const Packet packet = make_packet(10000, false, true, true);
    ASSERT_TRUE(send_cut(packet, 1460));
    EXPECT_EQ(fake::frames_in_use(), frames_before + 3);
    card->hold_transmit(false);
    model.send();
    Card::on_interrupt(&*card);
    expect_segments(packet, 1460);
}

TEST_F(Offload, ACardThatHasGoneTakesNothing)
{
    model.gone = true;
    Card::on_interrupt(&*card);
    EXPECT_FALSE(send_cut(make_packet(10000, false, true, true), 1460));
    EXPECT_FALSE(send(make_packet(1)));
    EXPECT_EQ(fake::frames_in_use(), frames_before);
}

TEST_F(Offload, TheMonitorShowsAllKindsOfDescriptors)
{
    ASSERT_TRUE(send(make_packet(10)));
    card->print_state();
    const std::string text = fake::take_console();
    EXPECT_NE(text.find("context"), std::string::npos) << text;
    EXPECT_NE(text.find("DD, free"), std::string::npos);
}

// --- Descriptions that are refused

namespace {

constexpr uint32_t all_work =
    NetOffload::checksum | NetOffload::segment_ipv4 | NetOffload::segment_ipv6;

// The error of a description, which `change` has made of a good one.
template <typename Change> std::optional<Error> error_of(size_t bytes, bool cuts, Change change)
{
    NetOffload offload = cuts ? make_packet(100).cuts(1460) : make_packet(100).sums();
    change(offload);
    const Result<void> result = nic_check_offload(offload, bytes, all_work);
    return result ? std::nullopt : std::optional(result.error());
}

}  // namespace

TEST(Description, GoodOnesAreTaken)
{
    const auto as_it_is = [](NetOffload&) {};
    EXPECT_EQ(error_of(60, false, as_it_is), std::nullopt);
    EXPECT_EQ(error_of(max_frame_bytes, false, as_it_is), std::nullopt);
    EXPECT_EQ(error_of(52, false, as_it_is), std::nullopt) << "the field ends the frame";
    EXPECT_EQ(error_of(55, true, as_it_is), std::nullopt) << "one byte to be cut";
    EXPECT_EQ(error_of(max_segmented_bytes, true, as_it_is), std::nullopt);
    EXPECT_EQ(error_of(60, false, [](NetOffload& o) { o = {}; }), std::nullopt);
    EXPECT_EQ(error_of(54 + 128 * 100, true, [](NetOffload& o) { o.segment_bytes = 100; }),
              std::nullopt);
    EXPECT_EQ(error_of(5000, true, [](NetOffload& o) { o = make_packet(1, true).cuts(1440); }),
              std::nullopt);
}

TEST(Description, NonsenseIsRefused)
{
    const std::optional<Error> refused = Error::invalid_argument;
    const auto as_it_is = [](NetOffload&) {};
    EXPECT_EQ(error_of(0, false, as_it_is), refused);
    EXPECT_EQ(error_of(51, false, as_it_is), refused) << "the field leaves the frame";
    EXPECT_EQ(error_of(max_frame_bytes + 1, false, as_it_is), refused);
    EXPECT_EQ(error_of(54, true, as_it_is), refused) << "nothing to be cut";
    EXPECT_EQ(error_of(53, true, as_it_is), refused);
    EXPECT_EQ(error_of(0, true, as_it_is), refused);
    EXPECT_EQ(error_of(max_segmented_bytes + 1, true, as_it_is), refused);
    EXPECT_EQ(error_of(0x7FFFFFFF, true, as_it_is), refused);
    EXPECT_EQ(error_of(54 + 128 * 100 + 1, true, [](NetOffload& o) { o.segment_bytes = 100; }),
              refused) << "129 segments";

    using Change = void (*)(NetOffload&);
    constexpr Change sums[] = {
        [](NetOffload& o) { o.work |= 8; },
        [](NetOffload& o) { o.work = 0xFF; },
        [](NetOffload& o) { o.checksum_start = 0; },
        [](NetOffload& o) { o.checksum_start = 13; },
        [](NetOffload& o) { o.checksum_start = o.checksum_at + 1; },
        [](NetOffload& o) { o.checksum_at = 255; },
    };
    for (const Change change : sums) {
        EXPECT_EQ(error_of(200, false, change), refused) << "change " << &change - sums;
    }
    constexpr Change cuts[] = {
        [](NetOffload& o) { o.work &= ~NetOffload::checksum; },
        [](NetOffload& o) { o.work |= NetOffload::segment_ipv6; },
        [](NetOffload& o) { o.work |= 0x80; },
        [](NetOffload& o) { o.work ^= NetOffload::segment_ipv4 | NetOffload::segment_ipv6; },
        [](NetOffload& o) { o.segment_bytes = 0; },
        [](NetOffload& o) { o.segment_bytes = max_frame_bytes - 54 + 1; },
        [](NetOffload& o) { o.segment_bytes = 0xFFFF; },
        [](NetOffload& o) { o.header_bytes = 0; },
        [](NetOffload& o) { o.header_bytes = 53; },
        [](NetOffload& o) { o.header_bytes = 241; },
        [](NetOffload& o) { o.header_bytes = 0xFFFF; },
        [](NetOffload& o) { o.ip_start = 0; },
        [](NetOffload& o) { o.ip_start = 15; },
        [](NetOffload& o) { o.ip_start = 255; },
        [](NetOffload& o) { o.checksum_start = 33; },
        [](NetOffload& o) { o.checksum_at = 40; },
        [](NetOffload& o) { o.checksum_at = 51; },
        [](NetOffload& o) { o.checksum_start = 250; },
    };
    for (const Change change : cuts) {
        EXPECT_EQ(error_of(5000, true, change), refused) << "change " << &change - cuts;
    }
}

TEST(Description, WorkThatTheCardDoesNotDoIsNotSupported)
{
    const NetOffload sums = make_packet(100).sums(), cuts = make_packet(100).cuts(1000);
    EXPECT_EQ(nic_check_offload(sums, 100, 0).error(), Error::not_supported);
    EXPECT_EQ(nic_check_offload(cuts, 5000, NetOffload::checksum).error(), Error::not_supported);
    EXPECT_TRUE(nic_check_offload({}, 100, 0));
    EXPECT_TRUE(nic_check_offload(sums, 100, NetOffload::checksum));
}
