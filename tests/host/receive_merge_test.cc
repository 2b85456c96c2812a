// Segments that have come together: joined ones carry the same bytes, and what does not belong
// together reaches lwIP as it came; a connection's peer sees fewer acknowledgements, no other change.
#include "net/receive_merge.hh"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "lwip/pbuf.h"
#include "tests/host/fake_platform.hh"
#include "tests/host/fake_tcp.hh"

namespace {

using namespace fake_tcp;

constexpr uint32_t most_segments = 44;

struct Output {
    std::string bytes;
    bool is_joined = false;
};

class Merge : public testing::Test {
protected:
    void SetUp() override
    {
        fake_net::start();
        slabs_ = fake_net::free_heap_slabs();
    }
    void TearDown() override { EXPECT_EQ(fake_net::free_heap_slabs(), slabs_); }

    // What lwIP would get of frames that have come together.
    std::vector<Output> outputs_of(const Frames& frames)
    {
        for (const std::string& frame : frames) {
            pbuf* const packet = pbuf_alloc(PBUF_RAW, static_cast<u16_t>(frame.size()), PBUF_RAM);
            pbuf_take(packet, frame.data(), packet->len);
            merge_.receive(packet, deliver_);
        }
        merge_.end(deliver_);
        return std::exchange(outputs_, {});
    }

    // These frames come as they are.
    void expect_apart(const Frames& frames)
    {
        const auto outputs = outputs_of(frames);
        ASSERT_EQ(outputs.size(), frames.size());
        for (size_t i = 0; i < frames.size(); i++) {
            EXPECT_FALSE(outputs[i].is_joined);
            EXPECT_EQ(outputs[i].bytes, frames[i]);
        }
    }

    static void expect_joined(const Output& output, std::span<const std::string> frames)
    {
        std::string whole = frames[0].substr(0, data_at(frames[0]));
        for (const std::string& frame : frames) {
            whole += frame.substr(data_at(frame), end_of(frame) - data_at(frame));
        }
        const bool ipv6 = is_ipv6(whole);
        set(whole, ipv6 ? 18 : 16, 2,
            static_cast<uint32_t>(whole.size() - (ipv6 ? tcp_at(whole) : ethernet)));
        const std::string& last = frames.back();
        const size_t from = tcp_at(last) + 8;           // acknowledged, flags, window
        whole.replace(from, 8, last, from, 8);
        EXPECT_TRUE(output.is_joined);
        EXPECT_EQ(output.bytes, whole);
    }

    void expect_one(const Frames& frames)
    {
        const auto outputs = outputs_of(frames);
        ASSERT_EQ(outputs.size(), 1u);
        expect_joined(outputs[0], frames);
    }

private:
    void deliver(pbuf* packet, bool is_joined)
    {
        std::string bytes;
        for (const pbuf* part = packet; part != nullptr; part = part->next) {
            EXPECT_EQ(part->tot_len, part->len + (part->next != nullptr ? part->next->tot_len : 0));
            bytes.append(static_cast<const char*>(part->payload), part->len);
        }
        EXPECT_EQ(bytes.size(), packet->tot_len);
        outputs_.push_back({bytes, is_joined});
        pbuf_free(packet);
    }

    const std::function<void(ReceiveMerge::Packet)> deliver_ = [this](ReceiveMerge::Packet packet) {
        deliver(packet.frame, packet.is_checked);
    };
    ReceiveMerge merge_;
    std::vector<Output> outputs_;
    size_t slabs_ = 0;
};

Fields of_ipv6() { return {.ipv6 = true}; }

} // namespace

TEST_F(Merge, ASingleSegmentStaysAsItIs)
{
    expect_apart(segments(1, full));
    expect_apart(segments(1, 1440, of_ipv6()));
    expect_apart({});
}

TEST_F(Merge, SegmentsThatFollowAreOne)
{
    for (const uint32_t count : {2u, 3u, 10u, most_segments}) {
        expect_one(segments(count, full, {.step = 3}));
        expect_one(segments(count, 1440, {.ipv6 = true, .step = 3}));
        expect_one(segments(count, 7));
    }
    Frames uneven = segments(2, full);
    set(uneven[1], tcp_at(uneven[1]) + 12, 2, 0x5000 | ack);
    uneven[1] = sealed(uneven[1]);
    uneven.push_back(segment({.sequence = 0xFFFFF000 + 2 * full, .payload = 1}));
    uneven.push_back(segment({.sequence = 0xFFFFF001 + 2 * full, .payload = 900}));
    expect_one(uneven);
}

TEST_F(Merge, PaddingIsCutOff)
{
    for (const uint32_t payload : {1u, 5u}) {
        Frames frames = segments(3, payload);
        for (std::string& frame : frames) {
            frame.resize(60, 'P');
        }
        expect_one(frames);
    }
    Frames frames = segments(3, 500, of_ipv6());
    for (std::string& frame : frames) {
        frame += "trailer";
    }
    expect_one(frames);
}

TEST_F(Merge, WhatIsTooMuchBeginsAnew)
{
    const Frames frames = segments(most_segments + 2, full);
    auto outputs = outputs_of(frames);
    ASSERT_EQ(outputs.size(), 2u);
    expect_joined(outputs[0], std::span(frames).first(most_segments));
    expect_joined(outputs[1], std::span(frames).last(2));

    const Frames large = segments(most_segments, full + 4);     // the largest that are taken
    outputs = outputs_of(large);
    ASSERT_EQ(outputs.size(), 2u);
    expect_joined(outputs[0], std::span(large).first(most_segments - 1));
    EXPECT_EQ(outputs[1].bytes, large.back());
}

TEST_F(Merge, NothingIsJoinedToWhatIsPushed)
{
    Frames frames = segments(2, 100);
    frames.push_back(segment({.sequence = 0xFFFFF000 + 200}));
    const auto outputs = outputs_of(frames);
    ASSERT_EQ(outputs.size(), 2u);
    expect_joined(outputs[0], std::span(frames).first(2));
    EXPECT_EQ(outputs[1].bytes, frames[2]);
}

TEST_F(Merge, NothingIsJoinedThatDiffers)
{
    using Change = std::function<void(std::string&)>;
    const auto flip = [](size_t at, uint8_t bits) {
        return [=](std::string& frame) { frame.at(at) = static_cast<char>(frame.at(at) ^ bits); };
    };
    const auto of_tcp = [&](size_t tcp) {
        return std::vector<Change>{
            flip(tcp + 1, 1), flip(tcp + 3, 1),         // ports
            flip(tcp + 7, 1), flip(tcp + 4, 0x80),      // a gap
            flip(tcp + 8, 0x80),                        // acknowledges less
            flip(tcp + 12, 1), flip(tcp + 12, 0x10),    // reserved bits; options
            flip(tcp + 12, 0xF0),                       // a header beyond the segment
            flip(tcp + 13, fin), flip(tcp + 13, syn), flip(tcp + 13, reset), flip(tcp + 13, ack),
            flip(tcp + 13, urgent), flip(tcp + 13, 0x40), flip(tcp + 13, 0x80)};
    };
    std::vector<Change> ipv4 = of_tcp(34), ipv6 = of_tcp(54);
    for (const size_t at : {6, 14, 15, 20, 21, 22, 23, 29, 33}) {
        ipv4.push_back(flip(at, 1));
    }
    for (const size_t at : {6, 14, 15, 17, 20, 21, 37, 53}) {
        ipv6.push_back(flip(at, 1));
    }
    for (const bool is_second : {true, false}) {
        for (size_t i = 0; i < ipv4.size() + ipv6.size(); i++) {
            SCOPED_TRACE(i);
            const bool is_6 = i >= ipv4.size();
            Frames frames = segments(2, 400, is_6 ? of_ipv6() : Fields());
            if (!is_second && (i == 4 || i == ipv4.size() + 4)) {
                continue;               // the first acknowledges less, as is usual
            }
            std::string& frame = frames[is_second ? 1 : 0];
            (is_6 ? ipv6[i - ipv4.size()] : ipv4[i])(frame);
            frame = sealed(frame);
            expect_apart(frames);
        }
    }
    Frames again = segments(1, 400, {});
    again.push_back(again[0]);                          // sent once more
    expect_apart(again);
    Frames mixed = segments(1, 400);
    mixed.push_back(segment({.ipv6 = true, .sequence = 0xFFFFF000 + 400}));
    expect_apart(mixed);
}

TEST_F(Merge, OptionsAndEmptySegmentsStayApart)
{
    const std::string options("\1\1\1\0", 4);
    expect_apart({segment({.options = options}),
                  segment({.sequence = 0xFFFFF064, .options = options})});
    expect_apart({segment({}), segment({.sequence = 0xFFFFF064, .options = options})});
    expect_apart({segment({}), segment({.sequence = 0xFFFFF064, .payload = 0})});
    expect_apart({segment({.payload = 0}), segment({})});
}

TEST_F(Merge, WrongSumsStayApart)
{
    for (const Fields& fields : {Fields(), of_ipv6()}) {
        const Frames good = segments(3, 700, fields);
        const size_t tcp = tcp_at(good[0]);
        std::vector<size_t> places = {tcp + 16, tcp + 14, tcp + 20, good[0].size() - 1};
        if (!fields.ipv6) {
            places.push_back(24);                       // IPv4's sum
            places.push_back(18);                       // a field that only this covers
        }
        for (const size_t at : places) {
            SCOPED_TRACE(at);
            Frames frames = good;
            frames[1][at] = static_cast<char>(frames[1][at] ^ 4);
            expect_apart(frames);
            frames = good;
            frames[0][at] = static_cast<char>(frames[0][at] ^ 4);
            const auto outputs = outputs_of(frames);
            ASSERT_EQ(outputs.size(), 2u);
            EXPECT_EQ(outputs[0].bytes, frames[0]);
            EXPECT_FALSE(outputs[0].is_joined);
            expect_joined(outputs[1], std::span(frames).last(2));
        }
    }
}

TEST_F(Merge, OrderIsKept)
{
    const Frames ours = segments(4, 300);
    const Frames theirs = segments(4, 300, {.from = 4001});
    const std::string message(60, 'x');                 // an ARP message, say
    const Frames frames = {ours[0], ours[1], message, ours[2], theirs[0], theirs[1],
                           theirs[2], ours[3], theirs[3]};
    const auto outputs = outputs_of(frames);
    ASSERT_EQ(outputs.size(), 6u);
    expect_joined(outputs[0], std::span(frames).first(2));
    EXPECT_EQ(outputs[1].bytes, message);
    EXPECT_EQ(outputs[2].bytes, ours[2]);
    expect_joined(outputs[3], std::span(frames).subspan(4, 3));
    EXPECT_EQ(outputs[4].bytes, ours[3]);
    EXPECT_EQ(outputs[5].bytes, theirs[3]);
}

// Streams of segments, cut and damaged at random, and of noise: whatever is not joined is as it came,
// and what is joined are good frames that came one behind the other.
TEST_F(Merge, RandomFramesAreSurvived)
{
    std::mt19937 engine(11);
    const auto random = [&] { return static_cast<uint32_t>(engine()); };
    uint32_t joined = 0;
    for (int round = 0; round < 3000; round++) {
        Fields fields;
        fields.ipv6 = random() % 2 == 0;
        Frames frames;
        for (uint32_t i = random() % 60; i > 0; i--) {
            fields.payload = random() % 8 == 0 ? random() % 10 : 600;
            fields.flags = random() % 16 == 0 ? ack | push : ack;
            frames.push_back(segment(fields));
            fields.sequence += fields.payload;
            std::string& frame = frames.back();
            if (random() % 8 == 0) {
                frame[random() % frame.size()] = static_cast<char>(random());
            }
            if (random() % 8 == 0) {
                frame[random() % data_at(frame)] = static_cast<char>(random());
            }
            if (random() % 8 == 0) {
                frame.resize(14 + random() % 1501, static_cast<char>(random()));
            }
            if (random() % 16 == 0) {
                std::ranges::generate(frame, [&] { return static_cast<char>(random()); });
            }
        }
        size_t at = 0;
        for (const Output& output : outputs_of(frames)) {
            if (!output.is_joined) {
                ASSERT_LT(at, frames.size());
                ASSERT_EQ(output.bytes, frames[at++]);
                continue;
            }
            size_t count = 0;
            for (size_t bytes = data_at(output.bytes); bytes < output.bytes.size(); count++) {
                const std::string& frame = frames.at(at + count);
                ASSERT_EQ(sealed(frame.substr(0, end_of(frame))), frame.substr(0, end_of(frame)));
                bytes += end_of(frame) - data_at(frame);
            }
            ASSERT_GE(count, 2u);
            expect_joined(output, std::span(frames).subspan(at, count));
            at += count;
            joined++;
        }
        ASSERT_EQ(at, frames.size());
    }
    EXPECT_GT(joined, 3000u);
}
