// Frames on their way to the card: joined segments come out of the card as they went in, and
// nothing is joined that does not belong together.
#include "net/output_queue.hh"

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lwip/pbuf.h"
#include "tests/host/fake_card.hh"
#include "tests/host/fake_platform.hh"
#include "tests/host/frame_bytes.hh"

namespace {

using Frames = std::vector<std::string>;
using frame_bytes::set;

constexpr size_t headers = 54, full = 1460;
constexpr uint8_t fin = 1, syn = 2, push = 8, ack = 16;

// A segment as lwIP leaves it: IP's checksum is there, TCP's is not.
std::string segment(uint32_t number, size_t payload, uint8_t flags = ack, uint32_t sequence = 0)
{
    std::string frame(headers + payload, 'h');
    for (size_t i = headers; i < frame.size(); i++) {
        frame[i] = static_cast<char>(number * 7 + i);
    }
    set(frame, 12, 4, 0x0800'4500);
    set(frame, 16, 2, static_cast<uint32_t>(frame.size() - 14));
    set(frame, 18, 4, ((0xFFFE + number) & 0xFFFF) << 16);
    set(frame, 22, 4, 0xFF06'0000);
    set(frame, 26, 8, 0);
    set(frame, 26, 4, 0x0A00'020F);
    set(frame, 30, 4, 0x0A00'0202);
    set(frame, 34, 4, 80u << 16 | 40'000);
    set(frame, 38, 4, sequence != 0 ? sequence : 0xFFFFF000 + number * uint32_t{full});
    set(frame, 42, 4, 1000);
    set(frame, 46, 4, 0x50u << 24 | uint32_t{flags} << 16 | 0x2000);
    set(frame, 50, 4, 0);
    // The header's sum as lwIP makes it: finish() below puts the same one.
    const NetOffload sum{.work = NetOffload::checksum, .checksum_start = 14, .checksum_at = 24};
    const std::string header = fake::finish(frame.substr(0, 34), sum)[0];
    return header + frame.substr(34);
}

class Queue : public testing::Test {
protected:
    static constexpr uint32_t runs = OutputQueue::max_runs;

    void SetUp() override
    {
        fake_net::start();
        pages = std::make_unique<std::array<Page, runs * OutputQueue::run_pages>>();
        start(NetOffload::checksum | NetOffload::segment_ipv4);
    }

    void start(uint32_t offloads)
    {
        queue = {};
        queue.initialise(&(*pages)[0].packet, runs);
        queue.use_offloads(offloads);
    }

    bool add(const std::string& frame, size_t first_part = headers)
    {
        pbuf* head = pbuf_alloc(PBUF_RAW, static_cast<u16_t>(first_part), PBUF_RAM);
        pbuf_take(head, frame.data(), head->len);
        if (frame.size() > first_part) {
            pbuf* rest = pbuf_alloc(PBUF_RAW, static_cast<u16_t>(frame.size() - first_part),
                                    PBUF_RAM);
            pbuf_take(rest, frame.data() + first_part, rest->len);
            pbuf_cat(head, rest);
        }
        const bool added = queue.add(head);
        pbuf_free(head);
        return added;
    }

    // What goes to the card, and what the card makes of it.
    Frames take()
    {
        Frames frames;
        packets = 0;
        for (PageRun run = queue.take(); run.count() > 0; run = queue.take()) {
            const auto base = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(pages->data()));
            const uint32_t first = (static_cast<uint32_t>(run.address()) - base) / PGSIZE;
            for (uint32_t i = first; i < first + run.count(); packets++) {
                const jif_pkt& page = (*pages)[i].packet;
                const auto* bytes = reinterpret_cast<const char*>(&page);
                if (page.jp_len >= 0) {
                    frames.emplace_back(page.jp_data, static_cast<size_t>(page.jp_len));
                } else {
                    const auto& packet = reinterpret_cast<const DescribedPacket&>(page);
                    const std::string frame(bytes + DescribedPacket::data_at,
                                            static_cast<size_t>(-page.jp_len));
                    std::ranges::move(fake::finish(frame, packet.offload),
                                      std::back_inserter(frames));
                }
                i += pages_of(frame_at(page));
            }
            queue.done(run.count());
        }
        return frames;
    }

    // The frames come out as from a card that sums alone; `joined` packets went to the card.
    void expect_same(const Frames& frames, size_t joined)
    {
        start(NetOffload::checksum);
        for (const std::string& frame : frames) {
            ASSERT_TRUE(add(frame));
        }
        const Frames expected = take();
        ASSERT_EQ(packets, frames.size());
        start(NetOffload::checksum | NetOffload::segment_ipv4);
        for (const std::string& frame : frames) {
            ASSERT_TRUE(add(frame));
        }
        const Frames wire = take();
        ASSERT_EQ(wire.size(), frames.size());
        for (size_t i = 0; i < wire.size(); i++) {
            EXPECT_EQ(wire[i], expected[i]) << "frame " << i;
        }
        EXPECT_EQ(packets, joined);
    }

    struct alignas(PGSIZE) Page {
        jif_pkt packet;
    };
    std::unique_ptr<std::array<Page, runs * OutputQueue::run_pages>> pages;
    OutputQueue queue;
    size_t packets = 0;
};

Frames segments(uint32_t count, size_t last = full, uint8_t last_flags = ack | push)
{
    Frames frames;
    for (uint32_t i = 0; i + 1 < count; i++) {
        frames.push_back(segment(i, full));
    }
    frames.push_back(segment(count - 1, last, last_flags));
    return frames;
}

} // namespace

TEST_F(Queue, WithoutACardThatDoesAnythingFramesGoAsTheyAre)
{
    start(0);
    for (const std::string& frame : segments(3)) {
        ASSERT_TRUE(add(frame));
    }
    EXPECT_EQ(take(), segments(3));
    EXPECT_EQ(packets, 3u);
}

TEST_F(Queue, SegmentsThatFollowAreJoined)
{
    expect_same(segments(1), 1);
    expect_same(segments(2), 1);
    expect_same(segments(2, 5), 2);                     // it is padded
    expect_same(segments(2, 6), 1);
    expect_same(segments(10, 7, ack | push | fin), 1);
    expect_same(segments(42, full, ack), 1);
    expect_same(segments(43, full, ack), 2);            // 60 KiB are full
    expect_same(segments(60, 100), 2);
}

TEST_F(Queue, SmallSegmentsToo)
{
    Frames frames;
    for (uint32_t i = 0; i < 200; i++) {
        frames.push_back(segment(i, 100, ack, 5000 + i * 100));
    }
    expect_same(frames, 2);                             // a card makes 128 of one
}

TEST_F(Queue, NothingIsJoinedToWhatIsShortOrPushed)
{
    expect_same({segment(0, 100), segment(1, full, ack, 0xFFFFF000 + 100)}, 2);
    expect_same({segment(0, full, ack | push), segment(1, full)}, 2);
    expect_same({segment(0, full, ack | fin), segment(1, full)}, 2);
    expect_same({segment(0, full), segment(1, 10), segment(2, 10, ack, 0xFFFFF000 + full + 10)}, 2);
    expect_same({segment(0, full), segment(1, full, ack | push), segment(2, full)}, 2);
}

TEST_F(Queue, NothingIsJoinedThatDiffers)
{
    using Change = std::function<void(std::string&)>;
    const std::vector<Change> changes = {
        [](std::string& f) { f[0] ^= 1; },              // another station
        [](std::string& f) { f[15] ^= 4; },             // kind of service
        [](std::string& f) { f[19] ^= 1; },             // identification
        [](std::string& f) { f[20] ^= 0x40; },          // may be fragmented
        [](std::string& f) { f[22] ^= 1; },             // lifetime
        [](std::string& f) { f[29] ^= 1; },             // our address
        [](std::string& f) { f[33] ^= 1; },             // the peer's
        [](std::string& f) { f[35] ^= 1; },             // ports
        [](std::string& f) { f[37] ^= 1; },
        [](std::string& f) { f[41] ^= 1; },             // sequence number
        [](std::string& f) { f[45] ^= 1; },             // acknowledged
        [](std::string& f) { f[47] ^= 0x20; },          // urgent
        [](std::string& f) { f[47] ^= syn; },
        [](std::string& f) { f[47] ^= 4; },             // reset
        [](std::string& f) { f[47] ^= ack; },
        [](std::string& f) { f[49] ^= 1; },             // window
        [](std::string& f) { f[53] ^= 1; },             // urgent pointer
    };
    for (size_t i = 0; i < changes.size(); i++) {
        SCOPED_TRACE(i);
        Frames frames = segments(3);
        changes[i](frames[1]);
        expect_same(frames, 3);
    }
    Frames again = segments(2, full, ack);
    again[1] = again[0];                                // a segment sent once more
    expect_same(again, 2);
}

TEST_F(Queue, OtherFramesEndWhatIsJoined)
{
    Frames frames = segments(2, full, ack);
    frames.push_back(std::string(60, 'x'));             // an ARP message, say
    frames.push_back(segment(2, full));
    expect_same(frames, 3);
}

TEST_F(Queue, WhatHasBeenHandedOverStaysAsItIs)
{
    ASSERT_TRUE(add(segment(0, full)));
    EXPECT_EQ(take().size(), 1u);
    ASSERT_TRUE(add(segment(1, full)));
    ASSERT_EQ(queue.take().count(), 1u);                // with output
    ASSERT_TRUE(add(segment(2, full)));
    queue.done(1);
    const Frames rest = take();
    ASSERT_EQ(rest.size(), 1u);
    EXPECT_EQ(rest[0].substr(headers), segment(2, full).substr(headers));
}

TEST_F(Queue, JoinedSegmentsFillRunsToTheirEnd)
{
    Frames frames;
    for (uint32_t i = 0; i < 300; i++) {
        frames.push_back(segment(i, full));
    }
    expect_same(frames, 8);         // 42 in 15 pages; the first run ends with 34 fewer
}

TEST_F(Queue, AFullQueueDropsAndGoesOn)
{
    start(NetOffload::checksum | NetOffload::segment_ipv4);
    uint32_t added = 0;
    while (add(segment(added, full)) && added < 2000) {
        added++;
    }
    EXPECT_LT(added, 1500u);
    EXPECT_EQ(queue.dropped(), 1u);
    EXPECT_EQ(take().size(), added);
    EXPECT_TRUE(add(segment(added + 1, full)));
    EXPECT_EQ(take().size(), 1u);
}

TEST_F(Queue, HeadersInTwoPiecesAreNotJoined)
{
    ASSERT_TRUE(add(segment(0, full)));
    ASSERT_TRUE(add(segment(1, full), 40));
    EXPECT_EQ(take().size(), 2u);
    EXPECT_EQ(packets, 2u);
}

// A datagram of 3,000 bytes in three fragments: its checksum is in the first when all are there.
TEST_F(Queue, ADatagramInFragmentsIsSummed)
{
    constexpr size_t sizes[] = {1480, 1480, 40};
    std::string whole(3000, 'u');
    set(whole, 0, 4, 7u << 16 | 9);
    set(whole, 4, 4, 3000u << 16);
    size_t at = 0;
    for (const size_t size : sizes) {
        std::string frame(34, 0);
        set(frame, 12, 4, 0x0800'4500);
        set(frame, 16, 2, static_cast<uint32_t>(20 + size));
        set(frame, 18, 2, 77);
        set(frame, 20, 2, (at + size < 3000 ? 0x2000u : 0) | static_cast<uint32_t>(at / 8));
        set(frame, 22, 2, 0xFF11);
        set(frame, 26, 4, 0x0A00'020F);
        set(frame, 30, 4, 0x0A00'0202);
        ASSERT_TRUE(add(frame + whole.substr(at, size)));
        at += size;
    }
    const Frames frames = take();
    ASSERT_EQ(frames.size(), 3u);
    EXPECT_EQ(frames[2].size(), 74u);
    std::string sent = frames[0].substr(26, 8) + std::string("\0\x11\x0B\xB8", 4);
    for (const std::string& frame : frames) {
        sent += frame.substr(34);
    }
    EXPECT_EQ(frame_bytes::sum_of(sent, 0, sent.size()), 0xFFFFu);
}
