// The monitor's `nicbench`: how many frames a second the driver alone can hand to the card, or take
// from it, in a loop over the Nic interface while everything else stands still. It is the limit
// with which `make bench` compares the whole system.
#include <algorithm>
#include <array>
#include <string_view>

#include "inc/stdio.hh"
#include "inc/string.hh"
#include "kern/debug/monitor.hh"
#include "kern/dev/clock.hh"
#include "kern/dev/nic.hh"

namespace {

constexpr int burst = 32;                   // frames for one word to the card
constexpr int header_bytes = 14;
constexpr int most_seconds = 60;

struct Tally {
    uint64_t frames = 0;
    uint64_t bytes = 0;
    uint64_t microseconds = 0;
};

// A frame to a station that does not exist, of the type for local experiments (IEEE 802, 0x88B5).
std::array<std::byte, max_frame_bytes> frame_for_nobody(const EthernetAddress& from)
{
    constexpr EthernetAddress nobody = {0x02, 0, 0, 0, 0, 0x01};
    std::array<std::byte, max_frame_bytes> frame{};
    std::ranges::copy(std::as_bytes(std::span(nobody)), frame.begin());
    std::ranges::copy(std::as_bytes(std::span(from)), frame.begin() + ethernet_address_bytes);
    frame[header_bytes - 2] = std::byte{0x88};
    frame[header_bytes - 1] = std::byte{0xB5};
    return frame;
}

// Sends `frame` for as long as that. It is written whole into each slot's buffer in the first round
// only: the card's speed is wanted, not that of a copy.
Tally transmit(Nic& card, std::span<const std::byte> frame, uint32_t microseconds)
{
    const uint32_t slots = card.info().transmit_slots;
    const uint64_t begin = time_us();
    Tally tally;
    do {
        Nic::Transmission out(card);
        for (int i = 0; i < burst; ++i) {
            const std::span<std::byte> buffer = out.claim();
            if (buffer.empty()) {
                break;
            }
            std::ranges::copy(tally.frames < slots ? frame : frame.first(header_bytes),
                              buffer.begin());
            out.queue(frame.size());
            ++tally.frames;
        }
        tally.microseconds = time_us() - begin;
    } while (tally.microseconds < microseconds);
    tally.bytes = tally.frames * frame.size();
    return tally;
}

// Takes whatever comes for as long as that, and looks at none of it.
Tally receive(Nic& card, uint32_t microseconds)
{
    const uint64_t begin = time_us();
    Tally tally;
    do {
        Nic::Reception in(card);
        for (int i = 0; i < burst; ++i) {
            const std::span<const std::byte> frame = in.oldest();
            if (frame.empty()) {
                break;
            }
            tally.bytes += frame.size();
            ++tally.frames;
            in.release();
        }
        tally.microseconds = time_us() - begin;
    } while (tally.microseconds < microseconds);
    return tally;
}

// tests/bench/rows.py reads this line.
void report(const char* what, const Tally& tally, uint64_t counted_by_card)
{
    cprintf("%s: %llu frames, %llu bytes in %llu us, %llu frames/s; the card counts %llu\n", what,
            tally.frames, tally.bytes, tally.microseconds,
            tally.frames * 1'000'000 / tally.microseconds, counted_by_card);
}

// The number that `text` is, if it is one from `least` to `most`; -1 otherwise.
int number_in(const char* text, int least, int most)
{
    char* end = nullptr;
    const long value = strtol(text, &end, 10);
    return *text != '\0' && *end == '\0' && value >= least && value <= most
        ? static_cast<int>(value)
        : -1;
}

int usage()
{
    cprintf("nicbench transmit BYTES SECONDS   send frames of %d to %u bytes (%d s at most)\n"
            "nicbench receive SECONDS          take what comes, and drop it\n",
            header_bytes, static_cast<unsigned>(max_frame_bytes), most_seconds);
    return 0;
}

int monitor_nicbench(int argc, char** argv, Trapframe*)
{
    Nic* const card = nic_card();
    if (card == nullptr) {
        cprintf("no network card\n");
        return 0;
    }
    const std::string_view command = argc > 1 ? argv[1] : "";
    const int seconds = argc > 2 ? number_in(argv[argc - 1], 1, most_seconds) : -1;
    const int bytes = argc == 4 ? number_in(argv[2], header_bytes, max_frame_bytes) : -1;
    const auto microseconds = static_cast<uint32_t>(seconds) * 1'000'000;
    const NetInfo before = card->info();
    if (command == "transmit" && seconds > 0 && bytes > 0) {
        const auto frame = frame_for_nobody(before.mac);
        const Tally tally = transmit(*card, std::span(frame).first(static_cast<size_t>(bytes)),
                                     microseconds);
        report("transmit", tally, card->info().tx_packets - before.tx_packets);
        return 0;
    }
    if (command == "receive" && argc == 3 && seconds > 0) {
        const Tally tally = receive(*card, microseconds);
        report("receive", tally, card->info().rx_packets - before.rx_packets);
        return 0;
    }
    return usage();
}

MONITOR_COMMAND(nicbench, "measure how fast the network card's driver alone is", monitor_nicbench);

}  // namespace
