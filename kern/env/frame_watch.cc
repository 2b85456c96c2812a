#include "kern/env/frame_watch.hh"

#include "kern/dev/clock.hh"
#include "kern/dev/nic.hh"
#include "kern/env/environment.hh"
#include "kern/env/ipc.hh"

constinit FrameWatch frame_watch{};

namespace {

// How long an idle CPU looks for the next frame, if the last came as soon as that. Longer than a
// client of another machine takes to answer, and short beside what halting and waking cost.
constexpr uint64_t poll_us = 400;

bool frames_waiting()
{
    const Nic* const card = nic_card();
    return card != nullptr && card->frames_waiting();
}

}   // namespace

void FrameWatch::set_watcher(Environment& watcher) { watcher_ = watcher.id(); }

Environment* FrameWatch::watcher() const { return Environment::by_id(watcher_); }

Environment* FrameWatch::waiting_watcher() const
{
    Environment* const waiting = watcher();
    const bool waits = waiting != nullptr && waiting->wait_kind == WaitKind::receive
        && waiting->receiving.from == 0;
    return waits ? waiting : nullptr;
}

bool FrameWatch::is_for(Environment& caller)
{
    if (caller.id() != watcher_) {
        return false;
    }
    const bool others_turn = frames_were_last_ && !caller.senders.empty();
    frames_were_last_ = !others_turn && frames_waiting();
    return frames_were_last_;
}

bool FrameWatch::may_take(Environment& taker) const
{
    Environment* const alone = watcher();
    return alone == nullptr || alone == &taker;
}

// The next frame is expected to come as soon after the CPU has become idle as this one did.
void FrameWatch::frames_taken()
{
    expects_soon_ = !has_idled_ || time_us() - idle_since_us_ < poll_us;
    has_idled_ = false;
}

bool FrameWatch::somebody_waits() const
{
    Nic* const card = nic_card();
    return card != nullptr && card->present()
        && (!card->receive_queue().empty() || waiting_watcher() != nullptr);
}

// Wakes who waits for frames; whether somebody did.
bool FrameWatch::wake()
{
    if (Environment* const waiting = waiting_watcher()) {
        frames_were_last_ = true;
        ipc_fail(*waiting, Error::timed_out);
        return true;
    }
    if (watcher() != nullptr) {
        return false;
    }
    WaitQueue& queue = nic_card()->receive_queue();
    const bool somebody_waited = !queue.empty();
    queue.wake_all();
    return somebody_waited;
}

void FrameWatch::look()
{
    if (frames_waiting()) {
        wake();
    }
}

void FrameWatch::on_interrupt()
{
    if (frames_waiting() && !wake()) {
        nic_card()->notify_of_frames(false);    // else a flood of frames is one of interrupts
    }
}

bool FrameWatch::wants_tick(const Environment& running) const
{
    const Nic* const card = nic_card();
    return card != nullptr && card->present() && !card->notifies_of_frames()
        && &running != watcher();
}

void FrameWatch::idle_begins()
{
    has_idled_ = true;
    idle_since_us_ = time_us();
}

void FrameWatch::polling_begins() { nic_card()->notify_of_frames(false); }

bool FrameWatch::keep_polling() const
{
    return !frames_waiting() && time_us() - idle_since_us_ < poll_us;
}

void FrameWatch::polling_ended()
{
    expects_soon_ = frames_waiting();
    look();
}

void FrameWatch::before_halt()
{
    if (somebody_waits()) {
        nic_card()->notify_of_frames(true);
        look();                                 // what came before that brings no interrupt
    }
}
