// The E1000 driver against a model card written from the manual.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "kern/dev/e1000.hh"
#include "tests/host/e1000_model.hh"
#include "tests/host/fake_kernel.hh"
#include "tests/host/fake_pci.hh"

using namespace e1000;

namespace {

using Frames = std::vector<E1000Model::Bytes>;

Nic* registered = nullptr;

constexpr uint32_t rctl = 0x0100, tctl = 0x0400, rdt = 0x2818, tdt = 0x3818, rdba = 0x2800,
    tdba = 0x3800, ral = 0x5400, ims = 0x00D0, imc = 0x00D8, mta = 0x5200;
constexpr uint32_t rx_causes = 0xD0, txdw = 1, lsc = 4;
constexpr std::array<uint8_t, 6> broadcast = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};

// A started card and what a system call does with it.
class E1000 : public testing::Test {
protected:
    void SetUp() override
    {
        fake::reset();
        registered = nullptr;
    }

    Card& start()
    {
        const Registers registers = model.registers();
        card.emplace(registers, Card::Model{.name = "82540EM"},
                     TransmitRing::create(registers).value(),
                     ReceiveRing::create(registers).value());
        card->start();
        return *card;
    }

    // Queues frames until the ring is full; returns how many fitted. One tail write for all.
    size_t transmit(const Frames& frames)
    {
        Nic::Transmission out(*card);
        size_t sent = 0;
        for (const auto& frame : frames) {
            const std::span<std::byte> buffer = out.claim();
            if (buffer.empty()) {
                break;
            }
            std::ranges::copy(frame, buffer.begin());
            out.queue(frame.size());
            ++sent;
        }
        return sent;
    }

    Frames receive(size_t limit = ~size_t{0})
    {
        Nic::Reception in(*card);
        Frames frames;
        while (frames.size() < limit) {
            const std::span<const std::byte> frame = in.oldest();
            if (frame.empty()) {
                break;
            }
            frames.emplace_back(frame.begin(), frame.end());
            in.release();
        }
        return frames;
    }

    // What the kernel does when the line is raised.
    void deliver_interrupts()
    {
        for (int i = 0; i < 10 && model.interrupts(); ++i) {
            Card::on_interrupt(&*card);
        }
        EXPECT_FALSE(model.interrupts()) << "the handler leaves the line raised";
    }

    E1000Model model;
    std::optional<Card> card;
};

Frames frames(size_t count, size_t size = 60, unsigned seed = 0)
{
    Frames result;
    for (size_t i = 0; i < count; ++i) {
        result.push_back(make_frame(size, seed + static_cast<unsigned>(i)));
    }
    return result;
}

}  // namespace

// nic.hh's one card, here one for each test.
uint32_t nic_wanted_offloads() { return NetOffload::all; }
Nic* nic_card() { return registered; }

bool nic_register(Nic& nic)
{
    registered = &nic;
    return true;
}

// --- Start, SDM chapter 14

TEST_F(E1000, StartsInTheManualsOrder)
{
    start();
    EXPECT_EQ(model.writes_to(rctl), 1u) << "each write of RCTL deafens QEMU's card for a second";
    EXPECT_EQ(model.writes().front(), imc) << "nothing before interrupts are masked";
    for (const uint32_t earlier : {ral, mta, rdba, rdt, tctl}) {
        EXPECT_LT(model.first_write(earlier), model.first_write(rctl)) << std::hex << earlier;
    }
    EXPECT_LT(model.first_write(tdba), model.first_write(tdt));
    EXPECT_EQ(model.writes().back(), ims) << "interrupts last";
}

TEST_F(E1000, ProgramsTheValuesTheManualGives)
{
    start();
    EXPECT_EQ(model.peek(rctl), 0x04008002u);
    EXPECT_EQ(model.peek(tctl), 0x0004010Au);
    EXPECT_EQ(model.peek(0x0410), 0x0060200Au) << "TIPG";
    EXPECT_EQ(model.peek(0x5400), 0x12005452u) << "RAL 0";
    EXPECT_EQ(model.peek(0x5404), 0x80005634u) << "RAH 0";
    for (uint32_t i = 0; i < 128; ++i) {
        EXPECT_EQ(model.peek(mta + 4 * i), 0u);
    }
    EXPECT_NE(model.peek(0) & (1u << 6), 0u) << "CTRL.SLU";
    EXPECT_EQ(model.load(ims), lsc) << "nobody waits for frames yet";
}

TEST_F(E1000, StartsACardThatResetDoesNotClear)
{
    model.resets = false;
    model.store(mta + 12, 0xFFFF);                      // left by whoever used it before
    model.store(0x5408, 0x11111111);
    model.store(0x540C, 0x80002222);
    model.store(ims, ~0u);
    start();
    EXPECT_EQ(model.peek(mta + 12), 0u);
    EXPECT_EQ(model.peek(0x540C), 0u) << "RAH 1 is no longer valid";
    EXPECT_EQ(model.load(ims), lsc);
    EXPECT_TRUE(model.receive(make_frame(60, 1)));
    EXPECT_EQ(receive().size(), 1u);
}

TEST_F(E1000, StopsAReceiverThatIsOnBeforeItMovesTheRing)
{
    model.resets = false;
    model.store(0x2808, 128);
    model.store(rctl, 0x8002);                          // running, as network boot leaves it
    start();                                            // the model objects if the ring moves then
    EXPECT_EQ(model.peek(rctl), 0x04008002u);
}

TEST_F(E1000, TakesTheMacFromTheEeprom)
{
    model.eeprom[0] = 0x0B0A;
    model.eeprom[1] = 0x0D0C;
    model.eeprom[2] = 0x0F0E;
    EXPECT_EQ(start().info().mac, (MacAddress{0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F}));
    EXPECT_EQ(model.peek(0x5400), 0x0D0C0B0Au);
}

TEST_F(E1000, TakesTheMacFromTheReceiveAddressWithoutAnEeprom)
{
    model.has_eeprom = false;                           // 82544
    const uint64_t before = fake::now_us();
    EXPECT_EQ(start().info().mac, (MacAddress{0x52, 0x54, 0x00, 0x12, 0x34, 0x56}));
    EXPECT_LT(fake::now_us() - before, 20'000u) << "a missing EEPROM is waited for briefly";
}

TEST_F(E1000, AMulticastAddressInTheEepromIsNotOurs)
{
    model.eeprom[0] = 0x0001;
    EXPECT_EQ(start().info().mac, (MacAddress{0x52, 0x54, 0x00, 0x12, 0x34, 0x56}));
}

TEST_F(E1000, RingsThatCannotBeAllocatedLeaveNothingBehind)
{
    const size_t before = fake::frames_in_use();
    fake::limit_frames(20);
    EXPECT_EQ(TransmitRing::create(model.registers()).error(), Error::no_memory);
    EXPECT_EQ(fake::frames_in_use(), before);
}

// --- Transmit, SDM 3.3 and 3.4

TEST_F(E1000, SendsAFrameAsItIs)
{
    start();
    const auto frame = make_frame(9, 1);                // short ones are not padded
    EXPECT_EQ(transmit({frame}), 1u);
    EXPECT_EQ(model.sent, Frames{frame});
}

TEST_F(E1000, SendsEveryLengthUpToTheLargest)
{
    start();
    for (size_t size = 1; size <= max_frame_bytes; size += 37) {
        transmit({make_frame(size, static_cast<unsigned>(size))});
        EXPECT_EQ(model.sent.back(), make_frame(size, static_cast<unsigned>(size)));
    }
    transmit({make_frame(max_frame_bytes, 7)});
    EXPECT_EQ(model.sent.back().size(), max_frame_bytes);
}

TEST_F(E1000, WritesTheTailOncePerBatch)
{
    start();
    const size_t before = model.writes_to(tdt);
    EXPECT_EQ(transmit(frames(40)), 40u);
    EXPECT_EQ(model.writes_to(tdt) - before, 1u);
    EXPECT_EQ(model.sent, frames(40));
}

TEST_F(E1000, ABatchWithoutFramesTellsTheCardNothing)
{
    start();
    const size_t before = model.writes_to(tdt);
    {
        Nic::Transmission out(*card);
        EXPECT_FALSE(out.claim().empty());              // claimed, filled in, given up
    }
    EXPECT_EQ(model.writes_to(tdt), before);
    EXPECT_TRUE(model.sent.empty());
    transmit({make_frame(60, 1)});
    EXPECT_EQ(model.sent.size(), 1u);
}

TEST_F(E1000, WrapsTheTransmitRingManyTimes)
{
    start();
    Frames expected;
    for (unsigned round = 0; round < 200; ++round) {
        const auto batch = frames(1 + round % 50, 60 + round, round);
        EXPECT_EQ(transmit(batch), batch.size());
        expected.insert(expected.end(), batch.begin(), batch.end());
    }
    EXPECT_EQ(model.sent, expected);
}

TEST_F(E1000, AFullRingTakesOneFrameLessThanItHasSlots)
{
    start();
    model.sends_at_once = false;
    EXPECT_EQ(transmit(frames(100)), TransmitRing::slots - 1);
    EXPECT_EQ(transmit(frames(1)), 0u);
    EXPECT_EQ(card->info().tx_full, 3u);    // the batch asked twice, the single frame once
    model.send();
    EXPECT_EQ(model.sent, frames(TransmitRing::slots - 1));
}

TEST_F(E1000, ABatchLargerThanTheRingGoesOutIfTheCardKeepsUp)
{
    start();
    EXPECT_EQ(transmit(frames(200)), 200u);
    EXPECT_EQ(model.sent, frames(200));
}

TEST_F(E1000, SlotsAreFreeAgainAsTheCardReportsThemDone)
{
    start();
    model.sends_at_once = false;
    transmit(frames(TransmitRing::slots - 1));
    model.send(5);
    EXPECT_EQ(transmit(frames(10, 60, 500)), 5u) << "the slots that are done, no more";
    model.send();
    EXPECT_EQ(model.sent.size(), TransmitRing::slots - 1 + 5);
    EXPECT_EQ(model.sent.back(), make_frame(60, 504));
}

TEST_F(E1000, ACardThatReportsNothingFillsTheRingAndNeverHangs)
{
    start();
    model.drops_descriptor_write_back = true;
    EXPECT_EQ(transmit(frames(200)), TransmitRing::slots - 1);
    EXPECT_EQ(transmit(frames(1)), 0u);
}

TEST_F(E1000, HeldTransmitKeepsFramesInTheRing)
{
    start();
    card->hold_transmit(true);
    EXPECT_EQ(transmit(frames(100)), TransmitRing::slots - 1);
    EXPECT_TRUE(model.sent.empty());
    card->hold_transmit(false);
    model.send();
    EXPECT_EQ(model.sent.size(), TransmitRing::slots - 1);
}

TEST_F(E1000, WhoWaitsForRoomIsWokenOnce)
{
    start();
    model.sends_at_once = false;
    transmit(frames(100));
    deliver_interrupts();
    EXPECT_EQ(fake::wakes(card->transmit_queue()), 0u);

    card->notify_of_room();
    EXPECT_FALSE(model.interrupts());
    model.send(1);
    EXPECT_TRUE(model.interrupts());
    deliver_interrupts();
    EXPECT_EQ(fake::wakes(card->transmit_queue()), 1u);
    model.send(1);
    EXPECT_FALSE(model.interrupts()) << "nobody waits any more";
}

TEST_F(E1000, RoomThatCameBeforeTheNotificationIsNotMissed)
{
    start();
    model.sends_at_once = false;
    transmit(frames(100));
    model.send(1);                              // after the look, before the notification
    card->notify_of_room();
    EXPECT_TRUE(model.interrupts() || transmit(frames(1)) == 1);
    deliver_interrupts();
    EXPECT_EQ(fake::wakes(card->transmit_queue()), 1u);
}

// --- Receive, SDM 3.2

TEST_F(E1000, ReceivesFramesInOrder)
{
    start();
    EXPECT_TRUE(receive().empty());
    for (const auto& frame : frames(5)) {
        EXPECT_TRUE(model.receive(frame));
    }
    EXPECT_EQ(receive(2), frames(2));
    EXPECT_EQ(receive(), (Frames{make_frame(60, 2), make_frame(60, 3), make_frame(60, 4)}));
    EXPECT_TRUE(receive().empty());
}

TEST_F(E1000, HearsItsAddressAndBroadcastsOnly)
{
    start();
    EXPECT_TRUE(model.receive(make_frame(60, 1, broadcast)));
    EXPECT_TRUE(model.receive(make_frame(60, 2)));
    EXPECT_FALSE(model.receive(make_frame(60, 3, {0x52, 0x54, 0, 0x12, 0x34, 0x57})));
    EXPECT_FALSE(model.receive(make_frame(60, 4, {0x01, 0, 0x5E, 0, 0, 1})));
}

TEST_F(E1000, HearsTheMulticastAddressesItWasAskedFor)
{
    start();
    constexpr MacAddress groups[] = {{0x01, 0, 0x5E, 0, 0, 1}, {0x33, 0x33, 0xFF, 0x12, 0x34, 0x56}};
    constexpr MacAddress other{0x33, 0x33, 0, 0, 0, 2};
    card->set_multicast(groups);
    for (const MacAddress& group : groups) {
        EXPECT_TRUE(model.receive(make_frame(60, 1, group)));
    }
    EXPECT_FALSE(model.receive(make_frame(60, 2, other)));
    card->set_multicast({&other, 1});
    EXPECT_FALSE(model.receive(make_frame(60, 3, groups[0])));
    EXPECT_FALSE(model.receive(make_frame(60, 4, groups[1])));
    EXPECT_TRUE(model.receive(make_frame(60, 5, other)));
    EXPECT_EQ(model.writes_to(ReceiveControl::offset), 1u);
}

TEST_F(E1000, AFrameStaysUntilItIsReleased)
{
    start();
    model.receive(make_frame(60, 1));
    Nic::Reception in(*card);
    EXPECT_EQ(in.oldest().size(), 60u);
    EXPECT_EQ(in.oldest().size(), 60u);
    in.release();
    EXPECT_TRUE(in.oldest().empty());
}

TEST_F(E1000, WrapsTheReceiveRingManyTimes)
{
    start();
    for (unsigned i = 0; i < 20 * ReceiveRing::slots; ++i) {
        const auto frame = make_frame(60 + i % 1400, i);
        ASSERT_TRUE(model.receive(frame)) << i;
        ASSERT_EQ(receive(), Frames{frame}) << i;
    }
}

TEST_F(E1000, AllSlotsButOneCanBeFilled)
{
    start();
    unsigned taken = 0;
    while (model.receive(make_frame(60, taken))) {
        ++taken;
    }
    EXPECT_EQ(taken, ReceiveRing::slots - 1);
    EXPECT_EQ(receive(), frames(ReceiveRing::slots - 1));
    EXPECT_EQ(card->info().rx_missed, 1u);
    EXPECT_TRUE(model.receive(make_frame(60, 1))) << "the buffers are the card's again";
}

TEST_F(E1000, BuffersGoBackInBulk)
{
    start();
    const size_t before = model.writes_to(rdt);
    for (unsigned i = 0; i < ReceiveRing::owed_limit - 1; ++i) {
        model.receive(make_frame(60, i));
        receive();
    }
    EXPECT_EQ(model.writes_to(rdt), before) << "the card is owed a few buffers";
    model.receive(make_frame(60, 1));
    receive();
    EXPECT_EQ(model.writes_to(rdt), before + 1);
    EXPECT_EQ(model.load(rdt), ReceiveRing::owed_limit - 1);
}

TEST_F(E1000, ALongBatchGivesBuffersBackOnItsWay)
{
    start();
    for (unsigned i = 0; i < ReceiveRing::slots - 1; ++i) {
        model.receive(make_frame(60, i));
    }
    Nic::Reception in(*card);
    for (unsigned i = 0; i < ReceiveRing::slots / 2; ++i) {
        in.oldest();
        in.release();
    }
    EXPECT_TRUE(model.receive(make_frame(60, 1))) << "before the batch ends";
}

TEST_F(E1000, DamagedFramesAreCountedAndPassedOver)
{
    start();
    model.receive(make_frame(60, 1), ReceiveError::crc);
    model.receive(make_frame(60, 2));
    model.receive(make_frame(60, 3), ReceiveError::data);
    model.receive(make_frame(60, 4), 0x20);             // the TCP checksum: the reader's business
    EXPECT_EQ(receive(), (Frames{make_frame(60, 2), make_frame(60, 4)}));
    EXPECT_EQ(card->info().rx_errors, 2u);
}

TEST_F(E1000, FramesOverSeveralDescriptorsAreDroppedWhole)
{
    start();
    constexpr uint8_t part = ReceiveStatus::done, end = part | ReceiveStatus::end_of_packet;
    model.write_back_receive(2048, part, 0);
    model.write_back_receive(2048, part, 0);
    EXPECT_TRUE(receive().empty()) << "the rest has not come yet";
    model.write_back_receive(100, end, 0);
    model.receive(make_frame(60, 9));
    EXPECT_EQ(receive(), Frames{make_frame(60, 9)});
    EXPECT_EQ(card->info().rx_errors, 1u) << "one frame, one error";
}

TEST_F(E1000, OversizeAndEmptyFramesAreDropped)
{
    start();
    constexpr uint8_t end = ReceiveStatus::done | ReceiveStatus::end_of_packet;
    model.write_back_receive(max_frame_bytes + 1, end, 0);
    model.write_back_receive(0xFFFF, end, 0);           // a lie of a card gone mad
    model.write_back_receive(0, end, 0);
    model.receive(make_frame(max_frame_bytes, 1));
    EXPECT_EQ(receive(), Frames{make_frame(max_frame_bytes, 1)});
    EXPECT_EQ(card->info().rx_errors, 3u);
    EXPECT_FALSE(model.receive(make_frame(1600, 1))) << "long packets are off";
    EXPECT_EQ(card->info().rx_errors, 4u);
}

TEST_F(E1000, ARingFullOfErrorsEnds)
{
    start();
    for (unsigned i = 0; i < ReceiveRing::slots - 1; ++i) {
        model.receive(make_frame(60, i), ReceiveError::crc);
    }
    EXPECT_TRUE(receive().empty());
    EXPECT_EQ(card->info().rx_errors, uint64_t{ReceiveRing::slots - 1});
    EXPECT_TRUE(model.receive(make_frame(60, 1)));
    EXPECT_EQ(receive().size(), 1u);
}

// --- Interrupts, SDM 13.4.17 and on

TEST_F(E1000, NoReceiveInterruptsUntilSomebodyWaits)
{
    start();
    model.receive(make_frame(60, 1));
    EXPECT_FALSE(model.interrupts());
}

TEST_F(E1000, AFrameThatCameBeforeTheNotificationIsThereAndDoesNotInterrupt)
{
    start();
    EXPECT_TRUE(receive().empty());
    EXPECT_FALSE(card->frames_waiting());
    model.receive(make_frame(60, 1));                   // after the look
    card->notify_of_frames(true);
    EXPECT_FALSE(model.interrupts());
    EXPECT_TRUE(card->frames_waiting()) << "who asks for the notification looks again";
    model.receive(make_frame(60, 2));
    EXPECT_TRUE(model.interrupts());
    deliver_interrupts();
    EXPECT_EQ(fake::wakes(card->receive_queue()), 0u) << "that is for the frame watch";
    EXPECT_EQ(receive().size(), 2u);
    EXPECT_FALSE(card->frames_waiting());
}

TEST_F(E1000, AskingForTheNotificationLosesNoOtherCause)
{
    start();
    model.set_link(false);                              // its interrupt is still on its way
    card->notify_of_frames(true);
    EXPECT_EQ(card->link_changes(), 1u);
    EXPECT_EQ(fake::wakes(card->receive_queue()), 1u);
}

TEST_F(E1000, FramesInterruptWhileThatIsWantedAndNoLonger)
{
    start();
    EXPECT_FALSE(card->notifies_of_frames());
    card->notify_of_frames(true);
    EXPECT_TRUE(card->notifies_of_frames());
    EXPECT_EQ(model.load(ims) & rx_causes, rx_causes);
    for (unsigned i = 0; i < 3; ++i) {
        model.receive(make_frame(60, i));
        EXPECT_TRUE(model.interrupts());
        deliver_interrupts();
    }
    EXPECT_EQ(card->info().interrupts, 3u);
    card->notify_of_frames(false);
    EXPECT_EQ(model.load(ims) & rx_causes, 0u);
    for (unsigned i = 0; i < 20; ++i) {                 // the flood goes on
        model.receive(make_frame(60, i));
        EXPECT_FALSE(model.interrupts());
    }
    EXPECT_EQ(card->info().interrupts, 3u);
    EXPECT_EQ(receive().size(), 23u);
    const size_t writes = model.writes().size();
    card->notify_of_frames(false);
    EXPECT_EQ(model.writes().size(), writes) << "it is off already";
}

TEST_F(E1000, AnInterruptOfAnotherDeviceIsTolerated)
{
    start();
    transmit(frames(3));
    model.receive(make_frame(60, 1));                   // causes that nobody waits for
    const size_t writes = model.writes().size();
    Card::on_interrupt(&*card);
    Card::on_interrupt(&*card);
    EXPECT_EQ(model.writes().size(), writes);
    EXPECT_EQ(fake::wakes(card->receive_queue()), 0u);
    EXPECT_EQ(fake::wakes(card->transmit_queue()), 0u);
}

TEST_F(E1000, LinkChangesAreCountedAndWakeReceivers)
{
    start();
    EXPECT_EQ(card->info().link_up, 1);
    model.set_link(false);
    deliver_interrupts();
    EXPECT_EQ(card->link_changes(), 1u);
    EXPECT_EQ(card->info().link_up, 0);
    EXPECT_EQ(fake::wakes(card->receive_queue()), 1u);
    model.set_link(true);
    deliver_interrupts();
    EXPECT_EQ(card->link_changes(), 2u);
    EXPECT_EQ(card->info().link_up, 1);
    EXPECT_EQ(model.writes_to(rctl), 1u);
}

// --- Statistics, SDM 13.7

TEST_F(E1000, StatisticsAddUpOverManyReads)
{
    start();
    uint64_t received_bytes = 0, sent_bytes = 0;
    for (unsigned i = 1; i <= 300; ++i) {
        model.receive(make_frame(60 + i, i));
        receive();
        transmit({make_frame(9 + i, i)});
        received_bytes += 60 + i;
        sent_bytes += 9 + i;
        if (i % 7 == 0) {
            card->info();
        }
    }
    const NetInfo info = card->info();
    EXPECT_EQ(info.rx_packets, 300u);
    EXPECT_EQ(info.tx_packets, 300u);
    EXPECT_EQ(info.rx_bytes, received_bytes) << "without the FCS that the card counts";
    EXPECT_EQ(info.tx_bytes, sent_bytes);
    EXPECT_EQ(info.rx_errors + info.rx_missed, 0u);
}

TEST_F(E1000, StatisticsGrowBeyond32Bits)
{
    start();
    for (int i = 0; i < 3; ++i) {
        model.store(0x4074, 0x80000000);                // GPRC
        model.store(0x4088, 0);                         // GORCL
        model.store(0x408C, 0x30);                      // GORCH
        card->info();
    }
    const NetInfo info = card->info();
    EXPECT_EQ(info.rx_packets, 3 * uint64_t{0x80000000});
    EXPECT_EQ(info.rx_bytes, 3 * (uint64_t{0x30} << 32) - 4 * info.rx_packets);
}

// --- Cards that are not there, or no longer

TEST_F(E1000, ACardThatGoesAwayWakesWhoWaitsAndTakesNothing)
{
    start();
    card->notify_of_frames(true);
    model.gone = true;
    Card::on_interrupt(&*card);
    EXPECT_FALSE(card->present());
    EXPECT_EQ(fake::wakes(card->receive_queue()), 1u);
    EXPECT_EQ(fake::wakes(card->transmit_queue()), 1u);
    EXPECT_EQ(transmit(frames(1)), 0u);
    EXPECT_TRUE(receive().empty());
    EXPECT_EQ(card->info().link_up, 0);
    EXPECT_NE(fake::take_console().find("no longer answers"), std::string::npos);
    Card::on_interrupt(&*card);
    EXPECT_EQ(fake::take_console(), "") << "said once";
}

class Attach : public E1000 {
protected:
    void SetUp() override
    {
        E1000::SetUp();
        fake::clear_pci();
    }

    Result<void> attach()
    {
        fake::add_pci({0, 3, 0}, config);
        fake::add_device_memory({0xFEBC0000},
                                reinterpret_cast<volatile std::byte*>(&model));
        return e1000_attach(*PciFunction::probe({0, 3, 0}));
    }

    fake::PciConfig config{.vendor = 0x8086, .device = 0x100E, .base_class = 2, .irq_line = 11,
                           .bars = {{{0xFEBC0000, 0x20000}, {0xC001, 64}}}};
};

TEST_F(Attach, MakesTheCardTheNic)
{
    ASSERT_TRUE(attach());
    ASSERT_NE(registered, nullptr);
    EXPECT_EQ(std::string(registered->info().model), "82540EM");
    EXPECT_EQ(fake::installed_interrupt(11).handler, Card::on_interrupt);
    EXPECT_EQ(fake::take_console(),
              "PCI function 00:03.0 (8086:100e) enabled\n"
              "e1000: 82540EM, status 0x80080783, MAC 52:54:00:12:34:56, link up\n");
}

TEST_F(Attach, KnowsItsSisters)
{
    config.device = 0x100F;
    ASSERT_TRUE(attach());
    EXPECT_EQ(std::string(registered->info().model), "82545EM");
}

TEST_F(Attach, ADeadCardIsALineAndNoCard)
{
    model.gone = true;
    EXPECT_EQ(attach().error(), Error::no_device);
    EXPECT_EQ(registered, nullptr);
    EXPECT_NE(fake::take_console().find("does not answer"), std::string::npos);
}

TEST_F(Attach, ACardWithoutRegistersInMemoryIsRefused)
{
    config.bars[0] = {0xC001, 64};
    EXPECT_EQ(attach().error(), Error::no_device);
    config.bars[0] = {0xFEBC0000, 0x1000};
    EXPECT_EQ(attach().error(), Error::no_device);
    EXPECT_EQ(registered, nullptr);
}

TEST_F(Attach, ACardWithoutAnInterruptLineIsNotUsed)
{
    config.irq_line = 255;
    EXPECT_EQ(attach().error(), Error::invalid_argument);
    EXPECT_EQ(registered, nullptr);
    EXPECT_EQ(model.writes_to(rctl), 0u);
}

TEST_F(Attach, ASecondCardIsLeftAlone)
{
    ASSERT_TRUE(attach());
    const size_t writes = model.writes().size();
    EXPECT_EQ(e1000_attach(*PciFunction::probe({0, 3, 0})).error(), Error::not_supported);
    EXPECT_EQ(model.writes().size(), writes);
}

TEST_F(Attach, WithoutMemoryForTheRingsThereIsNoCardAndNothingIsLost)
{
    const size_t before = fake::frames_in_use();
    fake::limit_frames(100);
    EXPECT_EQ(attach().error(), Error::no_memory);
    EXPECT_EQ(fake::frames_in_use(), before);
    EXPECT_EQ(registered, nullptr);
}
