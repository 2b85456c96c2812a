// The network system calls over the E1000 driver and a model card: batches, waiting, who may, and
// what hostile arguments do.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "kern/dev/e1000.hh"
#include "kern/env/frame_watch.hh"
#include "kern/syscall/syscalls.hh"
#include "tests/host/e1000_model.hh"
#include "tests/host/fake_environment.hh"
#include "tests/host/fake_kernel.hh"

using namespace e1000;

namespace {

using Frames = std::vector<E1000Model::Bytes>;

Nic* the_card = nullptr;

constexpr uintptr_t array_at = 0x10000, memory_at = 0x20000, read_only_at = 0x800000;
constexpr size_t memory_size = max_net_batch * 2048;
constexpr uint32_t ims = 0x00D0, tdt = 0x3818;

class NetCalls : public testing::Test {
protected:
    void SetUp() override
    {
        fake::reset();
        fake::reset_environments();
        fake::add(caller);
        fake::map_user(array_at, max_net_batch * sizeof(NetFrame));
        fake::map_user(memory_at, memory_size);
        fake::map_user(read_only_at, 4096, fake::Access::read);
        const Registers registers = model.registers();
        card.emplace(registers, Card::Model{.name = "82540EM"},
                     TransmitRing::create(registers).value(),
                     ReceiveRing::create(registers).value());
        card->start();
        the_card = &*card;
    }

    void set_frame(uint32_t index, uintptr_t address, uint32_t length)
    {
        const NetFrame frame{static_cast<uint32_t>(address), length};
        std::memcpy(fake::user_memory(array_at + index * sizeof frame, sizeof frame).data(),
                    &frame, sizeof frame);
    }

    NetFrame frame(uint32_t index)
    {
        NetFrame frame;
        std::memcpy(&frame,
                    fake::user_memory(array_at + index * sizeof frame, sizeof frame).data(),
                    sizeof frame);
        return frame;
    }

    // Puts a frame into user memory and the array.
    void put(uint32_t index, const E1000Model::Bytes& bytes)
    {
        const uintptr_t address = memory_at + index * 2048;
        std::ranges::copy(bytes, fake::user_memory(address, bytes.size()).begin());
        set_frame(index, address, static_cast<uint32_t>(bytes.size()));
    }

    void put_buffers(uint32_t count, uint32_t room = max_frame_bytes)
    {
        for (uint32_t i = 0; i < count; ++i) {
            set_frame(i, memory_at + i * 2048, room);
        }
    }

    E1000Model::Bytes taken(uint32_t index)
    {
        const auto bytes = fake::user_memory(frame(index).address, frame(index).length);
        return {bytes.begin(), bytes.end()};
    }

    SyscallResult transmit(uint32_t count, uint32_t timeout_ms = wait_forever)
    {
        return sys_net_transmit(caller, {array_at, count, timeout_ms, 0, 0});
    }

    SyscallResult receive(uint32_t count, uint32_t timeout_ms = wait_forever)
    {
        return sys_net_receive(caller, {array_at, count, timeout_ms, 0, 0});
    }

    E1000Model model;
    std::optional<Card> card;
    Environment caller;
};

}  // namespace

uint32_t nic_wanted_offloads() { return NetOffload::all; }
Nic* nic_card() { return the_card; }
bool nic_register(Nic&) { return false; }

// --- Transmit

TEST_F(NetCalls, SendsABatchWithOneTailWrite)
{
    for (uint32_t i = 0; i < 10; ++i) {
        put(i, make_frame(9 + i, i));
    }
    const size_t tail_writes = model.writes_to(tdt);
    EXPECT_EQ(transmit(10).value(), 10);
    EXPECT_EQ(model.writes_to(tdt), tail_writes + 1);
    ASSERT_EQ(model.sent.size(), 10u);
    EXPECT_EQ(model.sent[0], make_frame(9, 0)) << "nine bytes stay nine bytes";
    EXPECT_EQ(model.sent[9], make_frame(18, 9));
}

TEST_F(NetCalls, RefusesLengthsThatAreNotAFrames)
{
    for (const uint32_t length : {0u, uint32_t{max_frame_bytes} + 1, 0x7FFFFFFFu, ~0u}) {
        set_frame(0, memory_at, length);
        EXPECT_EQ(transmit(1).error(), Error::invalid_argument) << length;
    }
    for (const uint32_t count : {0u, max_net_batch + 1, 0x20000000u, ~0u}) {
        EXPECT_EQ(transmit(count).error(), Error::invalid_argument) << count;
        EXPECT_EQ(receive(count).error(), Error::invalid_argument) << count;
    }
    EXPECT_TRUE(model.sent.empty());
}

TEST_F(NetCalls, RefusesMemoryThatIsNotTheCallers)
{
    for (const uintptr_t address : {uintptr_t{0}, memory_at + memory_size - 59,
                                    uintptr_t{0xF0000000}, uintptr_t{0xFFFFFFF0}}) {
        set_frame(0, address, 60);
        EXPECT_EQ(transmit(1).error(), Error::fault);
    }
    EXPECT_EQ(sys_net_transmit(caller, {0xF0000000, 1, 0, 0, 0}).error(), Error::fault);
    EXPECT_EQ(sys_net_transmit(caller, {array_at + 8, max_net_batch, 0, 0, 0}).error(),
              Error::fault) << "the array's last frame is outside";
    EXPECT_TRUE(model.sent.empty());
}

TEST_F(NetCalls, FramesBeforeABadOneAreSent)
{
    put(0, make_frame(60, 0));
    put(1, make_frame(60, 1));
    set_frame(2, 0xF0000000, 60);
    put(3, make_frame(60, 3));
    EXPECT_EQ(transmit(4).value(), 2);
    EXPECT_EQ(model.sent, (Frames{make_frame(60, 0), make_frame(60, 1)}));
    put(0, make_frame(60, 4));
    EXPECT_EQ(transmit(1).value(), 1);
    EXPECT_EQ(model.sent.back(), make_frame(60, 4)) << "nothing of the bad frame is left";
}

TEST_F(NetCalls, AFullRingIsTryAgainAtOnceOrAWait)
{
    model.sends_at_once = false;
    for (uint32_t i = 0; i < max_net_batch; ++i) {
        put(i, make_frame(60, i));
    }
    EXPECT_EQ(transmit(max_net_batch, 0).value(), 63);
    EXPECT_EQ(transmit(1, 0).error(), Error::try_again);
    EXPECT_EQ(fake::last_wait().queue, nullptr);
    EXPECT_EQ(model.load(ims) & 1, 0u) << "nobody waits";

    EXPECT_EQ(transmit(1, 50).error(), blocked);
    EXPECT_EQ(fake::last_wait().queue, &card->transmit_queue());
    EXPECT_EQ(fake::last_wait().timeout_ms, 50u);
    model.send(1);
    ASSERT_TRUE(model.interrupts());
    Card::on_interrupt(&*card);
    EXPECT_EQ(fake::wakes(card->transmit_queue()), 1u);
    EXPECT_EQ(transmit(1, 50).value(), 1);
    model.send();
    EXPECT_EQ(model.sent.size(), 64u) << "the blocked call queued nothing";
}

TEST_F(NetCalls, ABadFrameIsReportedEvenIfTheRingIsFull)
{
    model.sends_at_once = false;
    for (uint32_t i = 0; i < max_net_batch; ++i) {
        put(i, make_frame(60, i));
    }
    ASSERT_TRUE(transmit(max_net_batch, 0));
    set_frame(0, memory_at, 0);
    EXPECT_EQ(transmit(1).error(), Error::invalid_argument);
}

// --- Frames with a description

namespace {

// A TCP packet's frame, but for its checksums; all that the card is told of it.
constexpr NetOffload sums{.work = NetOffload::checksum, .checksum_start = 34, .checksum_at = 50};
constexpr NetOffload cuts{.work = NetOffload::checksum | NetOffload::segment_ipv4, .ip_start = 14,
                          .checksum_start = 34, .checksum_at = 50, .header_bytes = 54,
                          .segment_bytes = 1000};

}  // namespace

class Described : public NetCalls {
protected:
    // The array's only frame, with its description in front, at `address`.
    void put(const NetOffload& offload, size_t bytes, uintptr_t address = memory_at)
    {
        const E1000Model::Bytes frame = make_frame(bytes, 7);
        const auto memory = fake::user_memory(address, sizeof offload + bytes);
        std::memcpy(memory.data(), &offload, sizeof offload);
        std::ranges::copy(frame, memory.begin() + sizeof offload);
        set_frame(0, address, static_cast<uint32_t>(bytes) | NetFrame::described);
    }
};

TEST_F(Described, IsSummedOrCutByTheCard)
{
    put(sums, 100);
    EXPECT_EQ(transmit(1).value(), 1);
    ASSERT_EQ(model.sent.size(), 1u);
    EXPECT_EQ(model.sent[0].size(), 100u);
    put(cuts, 54 + 50'000, memory_at + 4000);
    EXPECT_EQ(transmit(1).value(), 1);
    EXPECT_EQ(model.sent.size(), 51u);
    EXPECT_EQ(model.sent[50].size(), 1054u);
}

TEST_F(Described, WithoutWorkGoesOutAsItIs)
{
    put({}, 77);
    EXPECT_EQ(transmit(1).value(), 1);
    EXPECT_EQ(model.sent, Frames{make_frame(77, 7)});
}

TEST_F(Described, NonsenseIsRefusedAndNothingSent)
{
    NetOffload bad = cuts;
    bad.segment_bytes = 0;
    put(bad, 5000);
    EXPECT_EQ(transmit(1).error(), Error::invalid_argument);
    bad = sums;
    bad.checksum_at = 99;
    put(bad, 100);
    EXPECT_EQ(transmit(1).error(), Error::invalid_argument);
    put(sums, 100);
    for (const uint32_t length : {0u, 51u, 1519u, 60'000u, 0x7FFFFFFFu}) {
        set_frame(0, memory_at, length | NetFrame::described);
        EXPECT_EQ(transmit(1).error(), Error::invalid_argument) << length;
    }
    put(cuts, 100);
    for (const uint32_t length : {0u, 54u, uint32_t{max_segmented_bytes} + 1, 0x7FFFFFFFu}) {
        set_frame(0, memory_at, length | NetFrame::described);
        EXPECT_EQ(transmit(1).error(), Error::invalid_argument) << length;
    }
    EXPECT_TRUE(model.sent.empty());
}

TEST_F(Described, MemoryThatIsNotTheCallersIsAFault)
{
    const size_t before = fake::frames_in_use();
    for (const uintptr_t address : {uintptr_t{0}, uintptr_t{0xF0000000}, uintptr_t{0xFFFFFFFC},
                                    memory_at + memory_size - 4}) {
        set_frame(0, address, 100 | NetFrame::described);
        EXPECT_EQ(transmit(1).error(), Error::fault);
    }
    put(sums, 60, memory_at + memory_size - 68);
    set_frame(0, memory_at + memory_size - 68, 61 | NetFrame::described);
    EXPECT_EQ(transmit(1).error(), Error::fault) << "the frame's last byte is outside";
    put(cuts, 5000, memory_at + memory_size - 5008);
    set_frame(0, memory_at + memory_size - 5008, 5001 | NetFrame::described);
    EXPECT_EQ(transmit(1).error(), Error::fault);
    EXPECT_TRUE(model.sent.empty());
    EXPECT_EQ(fake::frames_in_use(), before);
}

TEST_F(Described, AFullRingKeepsNoPages)
{
    model.sends_at_once = false;
    fake::limit_frames(1000);
    const size_t before = fake::frames_in_use();
    put(cuts, 60'000);
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(transmit(1, 0).value(), 1);
    }
    const size_t full = fake::frames_in_use();
    EXPECT_GT(full, before);
    EXPECT_EQ(transmit(1, 0).error(), Error::try_again);
    EXPECT_EQ(transmit(1, 50).error(), blocked);
    EXPECT_EQ(fake::frames_in_use(), full);
    model.send();
    Card::on_interrupt(&*card);
    EXPECT_EQ(fake::frames_in_use(), before);
    EXPECT_EQ(transmit(1, 50).value(), 1);
}

TEST_F(Described, InfoTellsWhatTheCardDoes)
{
    EXPECT_EQ(sys_net_info(caller, {memory_at}).value(), 0);
    NetInfo info;
    std::memcpy(&info, fake::user_memory(memory_at, sizeof info).data(), sizeof info);
    EXPECT_NE(info.offloads & NetOffload::checksum, 0u);
    EXPECT_NE(info.offloads & NetOffload::segment_ipv4, 0u);
}

// --- Receive

TEST_F(NetCalls, ReceivesABatch)
{
    for (unsigned i = 0; i < 5; ++i) {
        model.receive(make_frame(60 + i, i));
    }
    put_buffers(3);
    EXPECT_EQ(receive(3).value(), 3);
    for (uint32_t i = 0; i < 3; ++i) {
        EXPECT_EQ(taken(i), make_frame(60 + i, i));
    }
    put_buffers(3);
    EXPECT_EQ(receive(3).value(), 2);
    EXPECT_EQ(taken(1), make_frame(64, 4));
    EXPECT_EQ(frame(2).length, uint32_t{max_frame_bytes}) << "an unused buffer is not touched";
}

TEST_F(NetCalls, AnEmptyRingIsTryAgainAtOnceOrAWait)
{
    put_buffers(4);
    EXPECT_EQ(receive(4, 0).error(), Error::try_again);
    EXPECT_EQ(fake::last_wait().queue, nullptr);
    EXPECT_EQ(receive(4, 250).error(), blocked);
    EXPECT_EQ(fake::last_wait().queue, &card->receive_queue());
    EXPECT_EQ(fake::last_wait().timeout_ms, 250u);

    card->notify_of_frames(true);                   // as a CPU that is about to halt does
    model.receive(make_frame(60, 1));
    ASSERT_TRUE(model.interrupts());
    Card::on_interrupt(&*card);
    frame_watch.on_interrupt();
    EXPECT_EQ(fake::wakes(card->receive_queue()), 1u);
    EXPECT_EQ(receive(4, 250).value(), 1);
}

TEST_F(NetCalls, ALinkChangeIsToldOnceToEach)
{
    put_buffers(1);
    model.set_link(false);
    Card::on_interrupt(&*card);
    EXPECT_EQ(receive(1).value(), 0) << "though it happened before the call";
    EXPECT_EQ(receive(1).error(), blocked);
    Environment other;
    fake::add(other);
    EXPECT_EQ(sys_net_receive(other, {array_at, 1, wait_forever, 0, 0}).value(), 0);
}

TEST_F(NetCalls, ABufferTooSmallLosesNothing)
{
    model.receive(make_frame(60, 1));
    model.receive(make_frame(100, 2));
    put_buffers(2, 60);
    EXPECT_EQ(receive(2).value(), 1);
    EXPECT_EQ(receive(2).error(), Error::message_size);
    put_buffers(1);
    EXPECT_EQ(receive(1).value(), 1);
    EXPECT_EQ(taken(0), make_frame(100, 2));
}

TEST_F(NetCalls, MemoryThatCannotBeWrittenIsAFaultAndLosesNothing)
{
    model.receive(make_frame(60, 1));
    for (const uintptr_t address : {uintptr_t{0}, read_only_at, uintptr_t{0xF0000000},
                                    memory_at + memory_size - 10}) {
        put_buffers(2);
        set_frame(0, address, max_frame_bytes);
        EXPECT_EQ(receive(2).error(), Error::fault);
    }
    model.receive(make_frame(60, 2));
    put_buffers(2);
    set_frame(1, read_only_at, max_frame_bytes);
    EXPECT_EQ(receive(2).value(), 1) << "the frames before it";
    EXPECT_EQ(taken(0), make_frame(60, 1));
    EXPECT_EQ(sys_net_receive(caller, {read_only_at, 1, 0, 0, 0}).error(), Error::fault);
    put_buffers(1);
    EXPECT_EQ(receive(1).value(), 1);
    EXPECT_EQ(taken(0), make_frame(60, 2));
}

TEST_F(NetCalls, EmptyRingWithBadMemoryIsAFaultNotAWait)
{
    set_frame(0, 0xF0000000, max_frame_bytes);
    EXPECT_EQ(receive(1).error(), Error::fault);
}

// --- Who may, and without a card

TEST_F(NetCalls, WhileANetworkServerRunsTheCardIsForItsKind)
{
    put(0, make_frame(60, 0));
    fake::set_network_server_running(true);
    EXPECT_EQ(transmit(1).error(), Error::not_permitted);
    EXPECT_EQ(receive(1).error(), Error::not_permitted);
    EXPECT_EQ(sys_net_info(caller, {memory_at}).error(), Error::not_permitted);
    EXPECT_TRUE(model.sent.empty());
    fake::set_type(EnvType::ns);
    EXPECT_EQ(transmit(1).value(), 1);
}

TEST_F(NetCalls, WithoutACardOrWithADeadOneThereIsNoDevice)
{
    put(0, make_frame(60, 0));
    model.gone = true;
    Card::on_interrupt(&*card);
    EXPECT_EQ(transmit(1).error(), Error::no_device);
    EXPECT_EQ(receive(1).error(), Error::no_device);
    EXPECT_EQ(sys_net_info(caller, {memory_at}).error(), Error::no_device);
    the_card = nullptr;
    EXPECT_EQ(transmit(1).error(), Error::no_device);
}

TEST_F(NetCalls, RingsShowWhoseEachSlotIs)
{
    const auto rings = [this] {
        EXPECT_EQ(sys_net_rings(caller, {memory_at}).value(), 0);
        NetRings result;
        std::memcpy(&result, fake::user_memory(memory_at, sizeof result).data(), sizeof result);
        return result;
    };
    const auto count = [](const NetRing& ring, RingSlot state) {
        return std::count(ring.state.begin(), ring.state.begin() + ring.slots, state);
    };
    NetRings now = rings();
    EXPECT_EQ(now.transmit.slots, TransmitRing::slots);
    EXPECT_EQ(now.receive.slots, ReceiveRing::slots);
    EXPECT_EQ(count(now.transmit, RingSlot::ours), TransmitRing::slots);
    EXPECT_EQ(count(now.receive, RingSlot::ours), 1);       // the one at the tail
    EXPECT_EQ(count(now.receive, RingSlot::card), ReceiveRing::slots - 1);

    EXPECT_TRUE(model.receive(make_frame(60, 1)));
    now = rings();
    EXPECT_EQ(now.receive.state[now.receive.next], RingSlot::frame);
    EXPECT_EQ(count(now.receive, RingSlot::frame), 1);
    EXPECT_EQ(now.receive.head, now.receive.next + 1);

    card->hold_transmit(true);
    put(0, make_frame(60, 0));
    EXPECT_EQ(transmit(1).value(), 1);
    now = rings();
    EXPECT_EQ(now.transmit.state[now.transmit.head], RingSlot::card);
    EXPECT_EQ(count(now.transmit, RingSlot::card), 1);
    EXPECT_EQ(sys_net_rings(caller, {0xF0000000}).error(), Error::fault);
    fake::set_network_server_running(true);
    EXPECT_EQ(sys_net_rings(caller, {memory_at}).error(), Error::not_permitted);
}

TEST_F(NetCalls, MulticastAddressesReachTheCardsFilter)
{
    constexpr std::array<uint8_t, 6> group{0x33, 0x33, 0, 0, 0, 1}, station{0x52, 0x54, 0, 0, 0, 1};
    EXPECT_FALSE(model.receive(make_frame(60, 1, group)));
    std::ranges::copy(std::as_bytes(std::span(group)),
                      fake::user_memory(memory_at, group.size()).begin());
    EXPECT_EQ(sys_net_multicast(caller, {memory_at, 1}).value(), 0);
    EXPECT_TRUE(model.receive(make_frame(60, 1, group)));
    EXPECT_EQ(sys_net_multicast(caller, {0xF0000000, 1}).error(), Error::fault);
    EXPECT_EQ(sys_net_multicast(caller, {memory_at, 0x40000000}).error(), Error::invalid_argument);
    std::ranges::copy(std::as_bytes(std::span(station)),
                      fake::user_memory(memory_at, station.size()).begin());
    EXPECT_EQ(sys_net_multicast(caller, {memory_at, 1}).error(), Error::invalid_argument);
    EXPECT_EQ(sys_net_multicast(caller, {memory_at, 0}).value(), 0);
    EXPECT_FALSE(model.receive(make_frame(60, 1, group)));
    fake::set_network_server_running(true);
    EXPECT_EQ(sys_net_multicast(caller, {memory_at, 0}).error(), Error::not_permitted);
}

TEST_F(NetCalls, InfoTellsWhatTheCardIs)
{
    EXPECT_EQ(sys_net_info(caller, {memory_at}).value(), 0);
    NetInfo info;
    std::memcpy(&info, fake::user_memory(memory_at, sizeof info).data(), sizeof info);
    EXPECT_EQ(info.mac, (MacAddress{0x52, 0x54, 0x00, 0x12, 0x34, 0x56}));
    EXPECT_EQ(info.link_mbit, 1000u);
    EXPECT_STREQ(info.driver, "e1000");
    EXPECT_EQ(sys_net_info(caller, {0xF0000000}).error(), Error::fault);
}

// --- Who is told of frames (kern/env/frame_watch.hh)

namespace {

class Watch : public NetCalls {
protected:
    void SetUp() override
    {
        NetCalls::SetUp();
        frame_watch = {};
        fake::add(input);
        fake::set_type(EnvType::ns);
        fake::give_id(caller, 1);
        fake::give_id(input, 2);
        ASSERT_EQ(sys_net_watch(caller, {}).value(), 0);
        put_buffers(4);
    }

    void wait_for_message() { caller.wait_kind = WaitKind::receive; }
    bool waits() const { return caller.wait_kind == WaitKind::receive; }
    SyscallResult receive_as(Environment& who)
    {
        return sys_net_receive(who, {array_at, 4, 0, 0, 0});
    }

    Environment input;
};

}  // namespace

TEST_F(Watch, FramesEndTheWatchersWaitAndNobodyElses)
{
    wait_for_message();
    frame_watch.look();
    EXPECT_TRUE(waits()) << "no frames";
    model.receive(make_frame(60, 1));
    frame_watch.look();
    EXPECT_FALSE(waits());
    EXPECT_EQ(static_cast<int32_t>(caller.frame.tf_regs.reg_eax), to_abi(Error::timed_out));
    EXPECT_EQ(fake::wakes(card->receive_queue()), 0u);
    EXPECT_EQ(receive_as(caller).value(), 1);
}

TEST_F(Watch, WithoutAWatcherTheQueueIsWoken)
{
    fake::forget_id(1);                             // it has died
    model.receive(make_frame(60, 1));
    frame_watch.look();
    EXPECT_EQ(fake::wakes(card->receive_queue()), 1u);
}

TEST_F(Watch, WhoWaitsForOneSendersAnswerIsLeftAlone)
{
    wait_for_message();
    caller.receiving.from = 2;
    model.receive(make_frame(60, 1));
    frame_watch.look();
    EXPECT_TRUE(waits());
}

TEST_F(Watch, FramesAreForTheWatcherAloneAsLongAsItLives)
{
    model.receive(make_frame(60, 1));
    EXPECT_EQ(receive_as(input).error(), Error::try_again);
    EXPECT_EQ(receive_as(caller).value(), 1);
    model.set_link(false);
    Card::on_interrupt(&*card);
    model.receive(make_frame(60, 2));
    EXPECT_EQ(receive_as(input).value(), 0) << "the link is for everybody";
    fake::forget_id(1);
    put_buffers(4);
    EXPECT_EQ(receive_as(input).value(), 1);
}

TEST_F(Watch, TheInterruptStaysOnUntilItIsNotNeeded)
{
    wait_for_message();
    frame_watch.before_halt();
    frame_watch.on_interrupt();
    EXPECT_TRUE(waits()) << "another device's";
    model.receive(make_frame(60, 1));
    ASSERT_TRUE(model.interrupts());
    Card::on_interrupt(&*card);
    EXPECT_FALSE(model.interrupts()) << "the line is down";
    frame_watch.on_interrupt();
    EXPECT_FALSE(waits());
    EXPECT_TRUE(card->notifies_of_frames());

    const size_t writes = model.writes().size();
    EXPECT_EQ(receive_as(caller).value(), 1);
    wait_for_message();
    frame_watch.before_halt();
    EXPECT_EQ(model.writes().size(), writes) << "it is on still";
    EXPECT_TRUE(waits()) << "no more frames";

    model.receive(make_frame(60, 2));
    Card::on_interrupt(&*card);
    frame_watch.on_interrupt();
    EXPECT_FALSE(waits());
    for (unsigned i = 0; i < 20; ++i) {             // it is awake now, and the flood goes on
        model.receive(make_frame(60, i));
        if (model.interrupts()) {
            EXPECT_EQ(i, 0u);
            Card::on_interrupt(&*card);
            frame_watch.on_interrupt();
        }
    }
    EXPECT_FALSE(card->notifies_of_frames());
}

TEST_F(Watch, OnlyAnotherThanTheWatcherNeedsTheTickToSeeFrames)
{
    EXPECT_TRUE(frame_watch.wants_tick(input)) << "nobody looks while it runs";
    EXPECT_FALSE(frame_watch.wants_tick(caller)) << "it looks when it has done its work";
    frame_watch.before_halt();
    EXPECT_TRUE(frame_watch.wants_tick(input)) << "nobody waits: no interrupt";
    wait_for_message();
    frame_watch.before_halt();
    EXPECT_FALSE(frame_watch.wants_tick(input)) << "a frame interrupts it";
}

TEST_F(Watch, MessagesAndFramesTakeTurns)
{
    model.receive(make_frame(60, 1));
    EXPECT_TRUE(frame_watch.is_for(caller));
    EXPECT_TRUE(frame_watch.is_for(caller)) << "no message waits";
    input.wait_as_sender(caller, {}, 0);
    EXPECT_FALSE(frame_watch.is_for(caller)) << "the message's turn";
    EXPECT_TRUE(frame_watch.is_for(caller));
    EXPECT_FALSE(frame_watch.is_for(input)) << "it watches nothing";
}

TEST_F(Watch, AnIdleCpuPollsWhileFramesComeSoonAndThenAsksForTheInterrupt)
{
    constexpr uint32_t rx_causes = 0xD0;
    wait_for_message();
    frame_watch.idle_begins();
    EXPECT_FALSE(frame_watch.expects_frames()) << "nothing has come yet";
    frame_watch.before_halt();
    EXPECT_NE(model.load(ims) & rx_causes, 0u);
    model.receive(make_frame(60, 1));
    Card::on_interrupt(&*card);
    EXPECT_EQ(receive_as(caller).value(), 1);       // soon after

    frame_watch.idle_begins();
    EXPECT_TRUE(frame_watch.expects_frames());
    frame_watch.polling_begins();
    EXPECT_EQ(model.load(ims) & rx_causes, 0u);
    EXPECT_TRUE(frame_watch.keep_polling());
    model.receive(make_frame(60, 2));
    EXPECT_FALSE(frame_watch.keep_polling());
    wait_for_message();
    frame_watch.polling_ended();
    EXPECT_FALSE(waits());
    EXPECT_EQ(model.load(ims) & rx_causes, 0u);
    put_buffers(4);
    EXPECT_EQ(receive_as(caller).value(), 1);

    wait_for_message();
    frame_watch.idle_begins();
    while (frame_watch.keep_polling()) {            // virtual time passes
    }
    frame_watch.polling_ended();
    EXPECT_FALSE(frame_watch.expects_frames()) << "none came";
    frame_watch.idle_begins();
    EXPECT_FALSE(frame_watch.expects_frames());
    frame_watch.before_halt();
    EXPECT_NE(model.load(ims) & rx_causes, 0u);
}

TEST_F(Watch, AFrameThatComesBeforeTheHaltIsSeen)
{
    wait_for_message();
    model.receive(make_frame(60, 1));
    frame_watch.before_halt();
    EXPECT_FALSE(waits());
}

TEST_F(Watch, OnlyTheNetworkServerMayWatch)
{
    fake::set_type(EnvType::user);
    EXPECT_EQ(sys_net_watch(caller, {}).error(), Error::not_permitted);
}
