// System calls about the network card: whole frames, in batches. Which card it is, only
// kern/dev knows.
#include <algorithm>
#include <array>

#include "inc/net.hh"
#include "kern/dev/nic.hh"
#include "kern/env/environment.hh"
#include "kern/env/frame_watch.hh"
#include "kern/memory/user_memory.hh"
#include "kern/syscall/syscalls.hh"

namespace {

// The card, if the caller may use it: while a network server runs, the card is for its
// environments alone. not_permitted, no_device.
Result<Nic*> card_for(Environment& caller)
{
    if (caller.type() != EnvType::ns && network_server_running()) {
        return Error::not_permitted;
    }
    Nic* const card = nic_card();
    if (card == nullptr || !card->present()) {
        return Error::no_device;
    }
    return card;
}

// The caller's array of frames, checked once for them all.
class FrameArray {
public:
    // invalid_argument: count is 0 or more than max_net_batch; fault.
    static Result<FrameArray> find(Environment& caller, uintptr_t address, uint32_t count,
                                   bool to_write)
    {
        if (count == 0 || count > max_net_batch) {
            return Error::invalid_argument;
        }
        const UserBytes bytes(caller, address, count * sizeof(NetFrame));
        TRY(to_write ? bytes.check_writable() : bytes.check_readable());
        return FrameArray(caller, static_cast<volatile NetFrame*>(bytes.checked()), count);
    }

    uint32_t count() const { return count_; }
    NetFrame frame(uint32_t number) const
    {
        return {frames_[number].address, frames_[number].length};
    }
    void set_length(uint32_t number, size_t length) const
    {
        frames_[number].length = static_cast<uint32_t>(length);
    }
    UserBytes memory_of(const NetFrame& frame) const
    {
        return {*caller_, frame.address, frame.length};
    }
    Result<NetOffload> offload_of(const NetFrame& frame) const
    {
        return UserObject<NetOffload>{*caller_, frame.address}.read();
    }

    // fault: the memory of one of the frames is not the caller's to write.
    Result<void> check_memory_writable() const
    {
        for (uint32_t number = 0; number < count_; ++number) {
            TRY(memory_of(frame(number)).check_writable());
        }
        return {};
    }

private:
    FrameArray(Environment& caller, volatile NetFrame* frames, uint32_t count)
        : caller_(&caller), frames_(frames), count_(count)
    {
    }

    Environment* caller_;
    volatile NetFrame* frames_;
    uint32_t count_;
};

// Queues a frame's copy; the card does to it what `offload` says. try_again (ring full), fault.
Result<void> transmit_copy(Nic::Transmission& out, const UserBytes& memory,
                           const NetOffload& offload)
{
    const std::span<std::byte> buffer = out.claim();
    if (buffer.empty()) {
        return Error::try_again;
    }
    TRY(memory.copy_to(buffer.first(memory.size())));
    if (offload.work == 0) {
        out.queue(memory.size());
    } else if (!out.queue(memory.size(), offload)) {
        return Error::try_again;
    }
    return {};
}

// Queues a frame that stays in the caller's pages. try_again, fault, no_memory.
Result<void> transmit_pages(Nic::Transmission& out, const UserBytes& memory,
                            const NetOffload& offload)
{
    std::array<PagePiece, max_segmented_bytes / page_size + 1> storage;
    const size_t count = TRY(memory.share(storage));
    if (!out.queue(std::span(storage).first(count), offload)) {
        return Error::try_again;
    }
    return {};
}

// Queues one frame, or changes nothing: invalid_argument, try_again (ring full), fault; one that
// is described: not_supported, no_memory too.
Result<void> transmit_one(Nic::Transmission& out, uint32_t offloads, const FrameArray& array,
                          NetFrame frame)
{
    NetOffload offload;
    if ((frame.length & NetFrame::described) != 0) {
        offload = TRY(array.offload_of(frame));
        frame.address += uint32_t{sizeof(NetOffload)};
        frame.length &= ~NetFrame::described;
    }
    TRY(nic_check_offload(offload, frame.length, offloads));
    return offload.segments() ? transmit_pages(out, array.memory_of(frame), offload)
                              : transmit_copy(out, array.memory_of(frame), offload);
}

// Hands frames to the card up to the first that cannot be; returns how many, or why not even one.
Result<int32_t> transmit(Nic& card, const FrameArray& array)
{
    Nic::Transmission out(card);
    int32_t sent = 0;
    for (uint32_t number = 0; number < array.count(); ++number) {
        const NetFrame frame = array.frame(number);
        const Result<void> queued = transmit_one(out, card.offloads(), array, frame);
        if (!queued) {
            return sent > 0 ? Result<int32_t>(sent) : queued.error();
        }
        ++sent;
    }
    return sent;
}

// Copies out the oldest frames, up to the first that finds no room; returns how many.
// try_again: there are none; message_size: the first is longer than its buffer.
Result<int32_t> receive(Environment& caller, Nic& card, const FrameArray& array)
{
    if (!frame_watch.may_take(caller)) {
        return Error::try_again;
    }
    Nic::Reception in(card);
    uint32_t received = 0;
    while (received < array.count()) {
        const std::span<const std::byte> bytes = in.oldest();
        if (bytes.empty()) {
            break;
        }
        NetFrame frame = array.frame(received);
        if (bytes.size() > frame.length) {
            if (received == 0) {
                return Error::message_size;
            }
            break;
        }
        frame.length = static_cast<uint32_t>(bytes.size());
        if (const Result<void> copied = array.memory_of(frame).copy_from(bytes); !copied) {
            if (received == 0) {
                return copied.error();
            }
            break;
        }
        array.set_length(received, bytes.size());
        in.release();
        ++received;
    }
    if (received == 0) {
        return Error::try_again;
    }
    frame_watch.frames_taken();
    return static_cast<int32_t>(received);
}

// Like receive(), but 0 if the link went up or down since the caller last received that.
Result<int32_t> receive_or_link_change(Environment& caller, Nic& card, const FrameArray& array)
{
    const Result<int32_t> received = receive(caller, card, array);
    if (received || received.error() != Error::try_again
        || card.link_changes() == caller.last_link_changes) {
        return received;
    }
    caller.last_link_changes = card.link_changes();
    return 0;
}

bool is_empty_handed(const Result<int32_t>& result)
{
    return !result && result.error() == Error::try_again;
}

}  // namespace

// Sends `count` frames of the array at `frames`, as they are: nothing is padded. Those that are
// NetFrame::described go through the card's own work first (NetOffload). Returns how many
// the card has taken, at least one; the array's frames after them were not looked at, or had the
// error that the next call with them will return.
// invalid_argument: count, or a frame's length, is 0 or too large, or its description makes no
// sense; not_supported: the card cannot do that; fault; not_permitted; no_device; no_memory: a page
// has too many references; try_again: the ring is full and timeout_ms is 0; timed_out: it was full
// for that long.
SyscallResult sys_net_transmit(Environment& caller, const SyscallArguments& arguments)
{
    const auto [frames, count, timeout_ms, a4, a5] = arguments;
    Nic& card = *TRY(card_for(caller));
    const FrameArray array = TRY(FrameArray::find(caller, frames, count, false));

    Result<int32_t> sent = transmit(card, array);
    if (!is_empty_handed(sent) || timeout_ms == 0) {
        return sent;
    }
    card.notify_of_room();
    sent = transmit(card, array);
    if (!is_empty_handed(sent)) {
        return sent;
    }
    return caller.wait_on(card.transmit_queue(), timeout_ms);
}

// Fills the buffers of the array at `frames` with the oldest frames, and their lengths in; returns
// how many, or 0 when the link went up or down. Waits until there is one or the other.
// message_size: the first frame is longer than its buffer (max_frame_bytes is always enough);
// invalid_argument: count; fault; not_permitted; no_device; try_again: there is nothing and
// timeout_ms is 0; timed_out: there was nothing for that long.
SyscallResult sys_net_receive(Environment& caller, const SyscallArguments& arguments)
{
    const auto [frames, count, timeout_ms, a4, a5] = arguments;
    Nic& card = *TRY(card_for(caller));
    const FrameArray array = TRY(FrameArray::find(caller, frames, count, true));

    const Result<int32_t> received = receive_or_link_change(caller, card, array);
    if (!is_empty_handed(received)) {
        return received;
    }
    TRY(array.check_memory_writable());
    if (timeout_ms == 0) {
        return received;
    }
    return caller.wait_on(card.receive_queue(), timeout_ms);
}

// Frames that wait end the caller's waits for messages from now on, as if their time were up, and
// no other environment gets frames as long as the caller lives.
// not_permitted: it is not of the network server; no_device.
SyscallResult sys_net_watch(Environment& caller, const SyscallArguments&)
{
    TRY(card_for(caller));
    if (caller.type() != EnvType::ns) {
        return Error::not_permitted;
    }
    frame_watch.set_watcher(caller);
    return 0;
}

// Fills in the NetInfo at `info`. fault, not_permitted, no_device.
SyscallResult sys_net_info(Environment& caller, const SyscallArguments& arguments)
{
    Nic& card = *TRY(card_for(caller));
    TRY((UserObject<NetInfo>{caller, arguments.a1}.write(card.info())));
    return 0;
}

// Fills in the NetRings at `rings`. fault, not_permitted, no_device.
SyscallResult sys_net_rings(Environment& caller, const SyscallArguments& arguments)
{
    Nic& card = *TRY(card_for(caller));
    NetRings rings;
    card.snapshot(rings);
    TRY((UserObject<NetRings>{caller, arguments.a1}.write(rings)));
    return 0;
}

// Has the card receive frames to the `count` multicast addresses at `addresses`, and to no others.
// invalid_argument: too many, or one that is no multicast address; fault, not_permitted, no_device.
SyscallResult sys_net_multicast(Environment& caller, const SyscallArguments& arguments)
{
    const auto [address, count, a3, a4, a5] = arguments;
    Nic& card = *TRY(card_for(caller));
    std::array<EthernetAddress, max_multicast_addresses> storage;
    if (count > storage.size()) {
        return Error::invalid_argument;
    }
    const std::span<EthernetAddress> addresses = std::span(storage).first(count);
    TRY((UserBytes{caller, address, addresses.size_bytes()}.copy_to(
        std::as_writable_bytes(addresses))));
    const auto is_multicast = [](const EthernetAddress& one) { return (one[0] & 1) != 0; };
    if (!std::ranges::all_of(addresses, is_multicast)) {
        return Error::invalid_argument;
    }
    card.set_multicast(addresses);
    return 0;
}
