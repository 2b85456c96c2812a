// The card as a whole: start (SDM chapter 14), interrupts, link, statistics.
#include "kern/dev/e1000.hh"

#include <algorithm>
#include <iterator>
#include <new>
#include <optional>

#include "inc/stdio.hh"
#include "kern/cpu/irq.hh"
#include "kern/dev/clock.hh"
#include "kern/dev/nic_trace.hh"
#include "kern/memory/mmio.hh"

namespace e1000 {

namespace {

constexpr uint32_t all_ones = ~0u;                  // what a register of an absent card reads
constexpr uint32_t reset_limit_us = 10'000;         // the manual: 1 ms
constexpr uint32_t eeprom_limit_us = 5'000;
constexpr uint16_t vlan_ethertype = 0x8100;
constexpr uint64_t collect_every = 4096;            // interrupts

// Full duplex, table 13-76: with this collision distance frames of 64 bytes work at any speed.
constexpr Value<TransmitControl> transmitter_on = TransmitControl::enable(1)
    | TransmitControl::pad_short_packets(1) | TransmitControl::collision_threshold(0x10)
    | TransmitControl::collision_distance(0x40);
static_assert(transmitter_on.bits == 0x0004010A);

// IEEE 802.3's gap between packets, table 13-77.
constexpr Value<TransmitGap> standard_gap
    = TransmitGap::back_to_back(10) | TransmitGap::after_carrier(8) | TransmitGap::total(6);
static_assert(standard_gap.bits == 0x0060200A);

constexpr Value<ReceiveControl> receiver_on = ReceiveControl::enable(1)
    | ReceiveControl::accept_broadcast(1) | ReceiveControl::buffer_size(buffer_size_2048)
    | ReceiveControl::strip_crc(1);
static_assert(receiver_on.bits == 0x04008002);

bool answers(Registers registers) { return registers.read<Status>().bits != all_ones; }

bool is_station_address(const MacAddress& mac)
{
    const bool multicast = (mac[0] & 1) != 0;
    return !multicast && std::ranges::any_of(mac, [](uint8_t byte) { return byte != 0; });
}

// The word at `address` (5.6.1 lists them); nothing if the EEPROM does not answer. The 82544 has
// no EERD register.
std::optional<uint16_t> read_eeprom(Registers registers, uint32_t address)
{
    registers.write(EepromRead::start(1) | EepromRead::address(address));
    Value<EepromRead> answer{};
    const auto done = [&] {
        answer = registers.read<EepromRead>();
        return EepromRead::done.of(answer) == 1;
    };
    if (!wait_until(done, eeprom_limit_us)) {
        return std::nullopt;
    }
    const auto word = static_cast<uint16_t>(EepromRead::data.of(answer));
    if (nic_traces(NicTrace::eeprom)) [[unlikely]] {
        cprintf("e1000: eeprom word %u: %04x\n", address, word);
    }
    return word;
}

std::optional<MacAddress> mac_from_eeprom(Registers registers)
{
    MacAddress mac{};
    for (uint32_t i = 0; i < eeprom_mac_words; ++i) {
        const std::optional<uint16_t> word = read_eeprom(registers, i);
        if (!word) {
            return std::nullopt;
        }
        mac[2 * i] = static_cast<uint8_t>(*word);
        mac[2 * i + 1] = static_cast<uint8_t>(*word >> 8);
    }
    return is_station_address(mac) ? std::optional(mac) : std::nullopt;
}

// What the card, or the firmware, has loaded into the first receive address.
MacAddress mac_from_receive_address(Registers registers)
{
    const uint32_t low = AddressLow::bytes.of(registers.read<AddressLow>(0));
    const uint32_t high = AddressHigh::bytes.of(registers.read<AddressHigh>(0));
    MacAddress mac{};
    for (unsigned i = 0; i < 4; ++i) {
        mac[i] = static_cast<uint8_t>(low >> (8 * i));
    }
    mac[4] = static_cast<uint8_t>(high);
    mac[5] = static_cast<uint8_t>(high >> 8);
    return mac;
}

}  // namespace

Card::Card(Registers registers, const Model& model, TransmitRing transmit, ReceiveRing receive)
    : registers_(registers), model_(model), transmit_(std::move(transmit)),
      offload_(transmit_, model.sends_empty_tail), receive_(std::move(receive))
{
}

void Card::start()
{
    reset();
    mac_ = mac_from_eeprom(registers_).value_or(mac_from_receive_address(registers_));
    set_address_filter();
    start_transmitter();
    start_receiver();
    registers_.write(InterruptMaskSet::link_change(1));     // receive: notify_of_frames()
}

// 14.3. QEMU's model ignores the reset bit, and a card that firmware has used may be running: so
// whatever matters later is also written here or in the functions that follow.
void Card::reset()
{
    registers_.write(InterruptMaskClear::all);
    registers_.write(Value<Control>{registers_.read<Control>().bits} | Control::reset(1));
    const auto reset_done = [&] { return Control::reset.of(registers_.read<Control>()) == 0; };
    delay_us(1000);
    if (!wait_until(reset_done, reset_limit_us)) {
        cprintf("e1000: reset takes longer than %u us\n", reset_limit_us);
    }

    registers_.write(InterruptMaskClear::all);
    static_cast<void>(registers_.read<InterruptCause>());   // clears what is pending
    if (ReceiveControl::enable.of(registers_.read<ReceiveControl>()) == 1) {
        registers_.write(Value<ReceiveControl>{});          // only then: see start_receiver()
    }
    registers_.write(Value<TransmitControl>{});
    registers_.write(Value<Control>{registers_.read<Control>().bits} | Control::set_link_up(1)
                     | Control::auto_speed_detection(1));
}

// Frames to our address and broadcasts pass (14.4); multicast when set_multicast() asks for it; no
// VLAN.
void Card::set_address_filter()
{
    const auto byte = [&](unsigned i) { return uint32_t{mac_[i]} << (i % 4 * 8); };
    registers_.write(0, AddressLow::bytes(byte(0) | byte(1) | byte(2) | byte(3)));
    registers_.write(0, AddressHigh::bytes(byte(4) | byte(5)) | AddressHigh::valid(1));
    for (uint32_t i = 1; i < AddressHigh::count; ++i) {
        registers_.write(i, AddressHigh::valid(0));
        registers_.write(i, AddressLow::bytes(0));
    }
    set_multicast({});
    for (uint32_t i = 0; i < VlanTable::count; ++i) {
        registers_.write(i, VlanTable::bits(0));
    }
    registers_.write(VlanType::type(vlan_ethertype));
}

// 13.5.1: a table of 4096 bits, of which bits 47 to 36 of an address choose one (RCTL.MO is 0).
// Addresses may share a bit, so whoever reads the frames looks at their address again.
void Card::set_multicast(std::span<const EthernetAddress> addresses)
{
    std::array<uint32_t, MulticastTable::count> table{};
    for (const EthernetAddress& address : addresses) {
        const uint32_t hash = (uint32_t{address[5]} << 4) | (uint32_t{address[4]} >> 4);
        table[hash / 32] |= 1u << hash % 32;
    }
    for (uint32_t i = 0; i < MulticastTable::count; ++i) {
        registers_.write(i, MulticastTable::bits(table[i]));
    }
}

// 14.5
void Card::start_transmitter()
{
    transmit_.start();
    offload_.start();
    registers_.write(standard_gap);
    registers_.write(transmitter_on);
}

// 14.4. RCTL is written once, with all its bits, and never again: QEMU's model receives nothing
// for a second after each write. That second passes while the rest of the system boots.
void Card::start_receiver()
{
    receive_.start();
    registers_.write(ReceiveDelay::delay(0));
    registers_.write(InterruptThrottle::interval(0));
    registers_.write(receiver_on);
}

std::span<std::byte> Card::claim_slot()
{
    return present_ ? offload_.claim() : std::span<std::byte>{};
}

bool Card::queue_slot(size_t bytes, const NetOffload& offload)
{
    return present_ && offload_.queue(bytes, offload);
}

bool Card::queue_pieces(std::span<PagePiece> pieces, const NetOffload& offload)
{
    return present_ && offload_.queue(pieces, offload);
}

// Pages that the card has not read yet are kept until it says so.
void Card::start_transmit()
{
    transmit_.hand_over();
    offload_.release_pages();
    if (offload_.holds_pages()) {
        notify_of_room();
    }
}

// Interrupts about the rings are on only while somebody waits. Unmasking a cause that is already
// pending interrupts at once; only what a handler on another CPU has cleared in between is lost,
// and that is why the caller looks once more.
void Card::notify_of_room()
{
    awaiting_room_ = true;
    registers_.write(InterruptMaskSet::transmit_written_back(1));
}

// When the notification is turned on, causes of frames that have been taken already are pending,
// too. They are read away, so that they do not interrupt.
void Card::notify_of_frames(bool on)
{
    if (on == notifies_of_frames_) {
        return;
    }
    notifies_of_frames_ = on;
    if (on) {
        handle(registers_.read<InterruptCause>());
        registers_.write(InterruptMaskSet::receive);
    } else {
        registers_.write(InterruptMaskClear::receive);
    }
}

void Card::on_interrupt(void* card) { static_cast<Card*>(card)->interrupt(); }

// Reading the causes clears them and lowers the line (13.4.17); it shows masked ones too.
void Card::interrupt()
{
    const Value<InterruptCause> causes = registers_.read<InterruptCause>();
    if (causes.bits == all_ones && !answers(registers_)) {
        lose();
        return;
    }
    if (causes == InterruptCause::none) {
        return;                                             // another device on the same line
    }
    if (nic_traces(NicTrace::interrupts)) [[unlikely]] {
        cprintf("e1000: interrupt causes %08x\n", causes.bits);
    }
    if (++interrupts_ % collect_every == 0) {
        statistics_.collect(registers_);                    // long before they are full
    }
    handle(causes);
}

void Card::handle(Value<InterruptCause> causes)
{
    if (awaiting_room_ && InterruptCause::transmit_written_back.of(causes) == 1) {
        on_written_back();
    }
    if (InterruptCause::link_change.of(causes) == 1) {
        ++link_changes_;
        receive_queue().wake_all();
    }
}

// While the card has pages of ours the next interrupt is wanted too.
void Card::on_written_back()
{
    {
        const Transmission lock(*this);
        offload_.release_pages();
        awaiting_room_ = offload_.holds_pages();
    }
    if (!awaiting_room_) {
        registers_.write(InterruptMaskClear::transmit_written_back(1));
    }
    transmit_queue().wake_all();
}

// The card has been unplugged or has failed: all who wait learn it.
void Card::lose()
{
    if (!present_) {
        return;
    }
    cprintf("e1000: the card no longer answers; it is not used any more\n");
    present_ = false;
    ++link_changes_;
    receive_queue().wake_all();
    transmit_queue().wake_all();
}

void Card::hold_transmit(bool hold)
{
    registers_.write(hold ? Value<TransmitControl>{} : transmitter_on);
}

NetInfo Card::info()
{
    if (!answers(registers_)) {
        lose();
    }
    NetInfo info;
    info.mac = mac_;
    info.link_changes = link_changes_;
    if (present_) {
        static constexpr std::array<uint32_t, 4> mbit = {10, 100, 1000, 1000};
        const Value<Status> status = registers_.read<Status>();
        info.link_up = Status::link_up.of(status) == 1;
        info.full_duplex = Status::full_duplex.of(status) == 1;
        info.link_mbit = mbit[Status::speed.of(status)];
        statistics_.collect(registers_);
    }
    info.transmit_slots = TransmitRing::slots;
    info.receive_slots = ReceiveRing::slots;
    snprintf(info.driver, sizeof info.driver, "e1000");
    info.offloads = offloads();
    snprintf(info.model, sizeof info.model, "%s", model_.name);
    info.rx_packets = statistics_.packets_received;
    info.rx_bytes = statistics_.bytes_received;
    info.tx_packets = statistics_.packets_sent;
    info.tx_bytes = statistics_.bytes_sent;
    info.rx_missed = statistics_.missed;
    info.rx_errors = statistics_.errors + receive_.errors();
    info.tx_full = transmit_.times_full();
    info.interrupts = interrupts_;
    return info;
}

void Statistics::collect(Registers registers)
{
    constexpr uint64_t fcs_bytes = 4;
    const auto count = [&]<typename R>(R) -> uint64_t { return registers.read<R>().bits; };

    const uint64_t received = count(GoodPacketsReceived{});     // before the octets: those may
    const uint64_t sent = count(GoodPacketsSent{});             //   only be more
    const uint64_t received_low = count(GoodOctetsReceivedLow{});
    const uint64_t received_high = count(GoodOctetsReceivedHigh{});
    const uint64_t sent_low = count(GoodOctetsSentLow{});
    const uint64_t sent_high = count(GoodOctetsSentHigh{});
    packets_received += received;
    packets_sent += sent;
    bytes_received += (received_high << 32 | received_low) - fcs_bytes * received;
    bytes_sent += (sent_high << 32 | sent_low) - fcs_bytes * sent;
    missed += count(MissedPackets{});
    errors += count(CrcErrors{}) + count(ReceiveErrors{}) + count(OversizePackets{});
}

}  // namespace e1000

namespace {

e1000::Card::Model model_of(const PciFunction& function)
{
    constexpr uint16_t qemu = 0x1AF4;                       // as the board's maker
    constexpr uint32_t all_but_ipv6 = ~uint32_t{NetOffload::segment_ipv6};
    e1000::Card::Model model{.name = "82540EM", .offloads = nic_wanted_offloads()};
    if (function.subsystem_vendor() == qemu) {
        model.sends_empty_tail = true;
        model.offloads &= all_but_ipv6;     // it counts IPv6's header as payload of the packet
    }
    if (function.device() == 0x100C) {
        model.name = "82544GC";
        model.offloads &= all_but_ipv6;
    } else if (function.device() == 0x100F) {
        model.name = "82545EM";
    }
    return model;
}

}  // namespace

Result<void> e1000_attach(const PciFunction& function)
{
    using namespace e1000;
    constexpr uint32_t register_bytes = 128 * 1024;         // table 4-2: BAR 0
    alignas(Card) static std::byte storage[sizeof(Card)];   // for good: the kernel never ends

    if (nic_card() != nullptr) {
        cprintf("e1000: there is a network card already; one is served\n");
        return Error::not_supported;
    }
    function.enable();
    const PciBar bar = TRY(function.bar(0));
    if (bar.space != PciBar::Space::memory || bar.address == 0 || bar.size < register_bytes) {
        cprintf("e1000: BAR 0 is not the registers\n");
        return Error::no_device;
    }
    const Registers registers(TRY(mmio_map(PhysAddr{bar.address}, register_bytes)));
    if (!answers(registers)) {
        cprintf("e1000: the card does not answer: its registers read all ones\n");
        return Error::no_device;
    }

    TransmitRing transmit = TRY(TransmitRing::create(registers));
    ReceiveRing receive = TRY(ReceiveRing::create(registers));
    auto* const card = new (storage) Card(registers, model_of(function), std::move(transmit),
                                          std::move(receive));
    TRY(irq_install(function.irq_line(), Card::on_interrupt, card));
    card->start();
    nic_register(*card);

    const NetInfo info = card->info();
    cprintf("e1000: %s, status 0x%08x, MAC %02x:%02x:%02x:%02x:%02x:%02x, link %s\n", info.model,
            registers.read<Status>().bits, info.mac[0], info.mac[1], info.mac[2], info.mac[3],
            info.mac[4], info.mac[5], info.link_up ? "up" : "down");
    return {};
}
