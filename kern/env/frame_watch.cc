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

bool FrameWatch::is_for(Environment& caller)
{
    if (caller.id() != watcher_) {
        return false;
    }
    passed_on_by(caller);
    const bool others_turn = frames_were_last_ && !caller.senders.empty();
    frames_were_last_ = !others_turn && may_take(caller) && frames_waiting();
    return frames_were_last_;
}

bool FrameWatch::may_take(Environment& taker) const
{
    return holder_ == 0 || holder_ == taker.id() || Environment::by_id(holder_) == nullptr;
}

void FrameWatch::taken_by(Environment& taker)
{
    if (taker.type() == EnvType::ns) {
        holder_ = taker.id();
    }
    note_gap();
}

void FrameWatch::passed_on_by(Environment& taker)
{
    if (holder_ == taker.id()) {
        holder_ = 0;
    }
}

// The next frame is expected to come as soon after the CPU has become idle as this one did.
void FrameWatch::note_gap()
{
    expects_soon_ = !has_idled_ || time_us() - idle_since_us_ < poll_us;
    has_idled_ = false;
}

void FrameWatch::idle_begins()
{
    has_idled_ = true;
    idle_since_us_ = time_us();
}

Environment* FrameWatch::waiting_watcher() const
{
    Environment* const watcher = Environment::by_id(watcher_);
    const bool waits = watcher != nullptr && watcher->wait_kind == WaitKind::receive
        && watcher->receiving.from == 0;
    return waits ? watcher : nullptr;
}

bool FrameWatch::somebody_waits() const
{
    Nic* const card = nic_card();
    return card != nullptr && card->present()
        && (!card->receive_queue().empty() || waiting_watcher() != nullptr);
}

void FrameWatch::look()
{
    if (!frames_waiting()) {
        return;
    }
    if (Environment* const watcher = waiting_watcher()) {
        frames_were_last_ = true;
        ipc_fail(*watcher, Error::timed_out);
    } else if (Environment::by_id(watcher_) == nullptr) {
        nic_card()->receive_queue().wake_all();
    }
}

void FrameWatch::before_halt()
{
    if (somebody_waits()) {
        nic_card()->notify_of_frames();
        look();                                 // what came before that brings no interrupt
    }
}

bool FrameWatch::keep_polling() const
{
    return !frames_waiting() && time_us() - idle_since_us_ < poll_us;
}

void FrameWatch::polling_ended()
{
    expects_soon_ = frames_waiting();
    look();
}
