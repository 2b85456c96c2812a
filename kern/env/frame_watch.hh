// Who learns that the card has frames, and how. Traffic that goes back and forth brings the next
// frame soon after the CPU has become idle, and an interrupt for each would be slow: an idle CPU
// looks into the ring itself for a while, with the card's interrupt off. It is on when the CPUs
// are about to halt; and while all of them are busy the clock's tick looks.
//
// Who waits in net_receive is woken; or, if it waits for messages, the environment that has asked
// for it by net_watch: the network server's core, which then takes the frames without a detour.
#pragma once
#include <cstdint>

#include "inc/env.hh"

class Environment;

class FrameWatch {
public:
    // From now on frames end the waits for messages of `watcher`, as if their time were up.
    void set_watcher(Environment& watcher);

    // Whether `caller` is the watcher and is not to wait, as there are frames for it. When there
    // are messages as well, both take turns.
    bool is_for(Environment& caller);

    // Two environments may take frames, and they must arrive in order: who has taken some holds
    // the ring until it has passed them on, that is until it asks for frames or messages again.
    // False: another holds it.
    bool may_take(Environment& taker) const;
    void taken_by(Environment& taker);
    void passed_on_by(Environment& taker);

    // Wakes who waits, if there are frames.
    void look();

    // For an idle CPU: that it has nothing to run; whether it should poll rather than halt, and, at
    // each look, without the kernel lock, whether to go on; that it did so; what it must do before
    // it halts.
    void idle_begins();
    bool expects_frames() const { return expects_soon_ && somebody_waits(); }
    bool keep_polling() const;
    void polling_ended();
    void before_halt();

private:
    bool somebody_waits() const;
    Environment* waiting_watcher() const;
    void note_gap();

    envid_t watcher_ = 0;
    envid_t holder_ = 0;
    bool frames_were_last_ = false;             // the watcher's last turn was for frames
    bool has_idled_ = false;                    // since the last frames; then:
    uint64_t idle_since_us_ = 0;
    bool expects_soon_ = false;                 // as the last time
};

extern FrameWatch frame_watch;
