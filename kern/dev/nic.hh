// The network card, whichever it is. What is above this interface knows no card; a card's driver
// is one class that implements it.
//
// Frames are copied straight between the caller's memory and the card's buffers: a transmission
// lends the next free slot's buffer to be filled, a reception shows the oldest frame where the
// card wrote it. Both hold their side's lock; a transmission tells the card once, when it ends:
//
//     Nic::Transmission out(*nic_card());
//     std::span<std::byte> buffer = out.claim();       // empty: no free slot
//     copy(frame, buffer);
//     out.queue(frame.size());                         // the card learns of it when `out` ends
//
//     Nic::Reception in(*nic_card());
//     std::span<const std::byte> frame = in.oldest();  // empty: none
//     use(frame);
//     in.release();                                    // its buffer goes back to the card
//
// Who finds no slot may wait: ask for the notification, look once more (what happened before the
// notification was on brings none), then go on the side's wait queue. Who finds no frame goes on
// the queue; when the notification is on, and who is woken, kern/env/frame_watch.hh decides.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "inc/net.hh"
#include "inc/result.hh"
#include "kern/cpu/lock.hh"
#include "kern/env/wait_queue.hh"
#include "kern/memory/frames.hh"

class Nic {
public:
    class Transmission;
    class Reception;

    // The MAC, link state and statistics (since boot) of the card.
    virtual NetInfo info() = 0;

    // Fills in what both rings look like now. The card must be present().
    void snapshot(NetRings& rings)
    {
        {
            LockGuard guard(transmit_lock_);
            describe_transmit(rings.transmit);
        }
        LockGuard guard(receive_lock_);
        describe_receive(rings.receive);
    }

    // Whether the card still answers. One that has gone has no slots, no frames and no link.
    virtual bool present() const = 0;

    // NetOffload's kinds of work that the card does.
    virtual uint32_t offloads() const { return 0; }

    // Receives frames to these multicast addresses from now on (perhaps some to others too), and
    // to none that were set before.
    virtual void set_multicast(std::span<const EthernetAddress> addresses) = 0;

    // Grows when the link goes up or down; receivers are woken then.
    virtual uint32_t link_changes() const = 0;

    // Whether the oldest frame is there. Takes no lock: it may have been taken a moment later.
    virtual bool frames_waiting() const = 0;

    // Has transmit_queue() woken once when a slot gets free. May wake without need, never too late.
    virtual void notify_of_room() = 0;
    // Has the card interrupt when frames arrive, or not any more; what to do then is for
    // kern/env/frame_watch.hh. May interrupt without need, never too late.
    virtual void notify_of_frames(bool on) = 0;
    virtual bool notifies_of_frames() const = 0;
    WaitQueue& transmit_queue() { return transmit_queue_; }
    WaitQueue& receive_queue() { return receive_queue_; }

    // For people: prints rings and registers; holds back what is queued for sending (the rings
    // fill up) until it is called again with false.
    virtual void print_state() = 0;
    virtual void hold_transmit(bool hold) = 0;

protected:
    constexpr Nic() = default;
    ~Nic() = default;

private:
    // The sides' work, called by Transmission and Reception with the side's lock held.
    virtual std::span<std::byte> claim_slot() = 0;
    virtual void queue_slot(size_t bytes) = 0;
    virtual bool queue_slot(size_t, const NetOffload&) { return false; }
    virtual bool queue_pieces(std::span<PagePiece>, const NetOffload&) { return false; }
    virtual void start_transmit() = 0;
    virtual std::span<const std::byte> oldest_frame() = 0;
    virtual void release_frame() = 0;
    virtual void describe_transmit(NetRing& ring) const = 0;
    virtual void describe_receive(NetRing& ring) const = 0;

    SpinLock transmit_lock_;
    SpinLock receive_lock_;
    WaitQueue transmit_queue_;
    WaitQueue receive_queue_;
};

// A batch of frames on its way to the card.
class [[nodiscard]] Nic::Transmission {
public:
    explicit Transmission(Nic& nic) : nic_(nic), guard_(nic.transmit_lock_) {}
    ~Transmission() { start(); }
    Transmission(const Transmission&) = delete;
    Transmission& operator=(const Transmission&) = delete;

    // The next free slot's buffer, max_frame_bytes of it; empty if the ring is full. The slot
    // stays free, and claim() yields it again, until queue() turns it into a frame.
    std::span<std::byte> claim()
    {
        std::span<std::byte> buffer = nic_.claim_slot();
        if (buffer.empty() && queued_) {
            start();                    // a full ring may be full of what the card has not seen
            buffer = nic_.claim_slot();
        }
        return buffer;
    }

    // The first `bytes` (1 to max_frame_bytes) of the claimed buffer are a frame.
    void queue(size_t bytes)
    {
        nic_.queue_slot(bytes);
        queued_ = true;
    }

    // Like queue(), and the card does what `offload` asks for: work that it can do, without
    // segments (nic_check_offload). False: that takes more slots than are free; nothing is queued.
    bool queue(size_t bytes, const NetOffload& offload)
    {
        return insist([&] { return nic_.queue_slot(bytes, offload); });
    }

    // Queues a frame that the card reads from where it is; the pieces' references are the card's
    // until it has. False: the ring has not that many free slots; nothing is queued.
    bool queue(std::span<PagePiece> pieces, const NetOffload& offload)
    {
        return insist([&] { return nic_.queue_pieces(pieces, offload); });
    }

private:
    // Tries, and once more when the card has seen what was queued before.
    template <typename Attempt> bool insist(Attempt attempt)
    {
        bool done = attempt();
        if (!done && queued_) {
            start();
            done = attempt();
        }
        queued_ = queued_ || done;
        return done;
    }

    void start()
    {
        if (queued_) {
            nic_.start_transmit();
            queued_ = false;
        }
    }

    Nic& nic_;
    LockGuard guard_;
    bool queued_ = false;
};

// The frames that the card has received, oldest first.
class [[nodiscard]] Nic::Reception {
public:
    explicit Reception(Nic& nic) : nic_(nic), guard_(nic.receive_lock_) {}
    Reception(const Reception&) = delete;
    Reception& operator=(const Reception&) = delete;

    // The oldest frame, at most max_frame_bytes, without FCS; empty if there is none. Its bytes
    // stay until release().
    std::span<const std::byte> oldest() { return nic_.oldest_frame(); }
    void release() { nic_.release_frame(); }

private:
    Nic& nic_;
    LockGuard guard_;
};

// Whether `offload` makes sense for a frame of `bytes`, so that the card can follow it blindly, and
// is work of the kinds `offloads`. invalid_argument, not_supported.
Result<void> nic_check_offload(const NetOffload& offload, size_t bytes, uint32_t offloads);

// The one card, null if the machine has none that works.
Nic* nic_card();

// Which of NetOffload's kinds of work cards are to offer: all, unless the boot option "offload" is
// 0 (none) or checksum (that alone).
uint32_t nic_wanted_offloads();

// Makes `nic` the card; false if there is one already.
bool nic_register(Nic& nic);
