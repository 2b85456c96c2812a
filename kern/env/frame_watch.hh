// Who learns that the card has frames, and how. Traffic that goes back and forth brings the next
// frame soon after the CPU has become idle, and an interrupt for each would be slow: an idle CPU
// looks into the ring itself for a while, with the card's interrupt off. It is on when the CPUs
// are about to halt, and until a frame interrupts without need, as its taker was awake already.
// While all CPUs are busy, and it is off, the clock's tick looks.
//
// Who learns of frames is the environment that has asked for it by net_watch, when it waits for
// messages: the network server's core, which alone takes frames as long as it lives, so that they
// stay in order. Without such a watcher it is who waits in net_receive.
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

    // Whether `taker` may take frames; that somebody has taken some.
    bool may_take(Environment& taker) const;
    void frames_taken();

    // Wakes who waits, if there are frames.
    void look();

    // The same after an interrupt that may be the card's.
    void on_interrupt();

    // Whether frames for `running`, or somebody else, would be seen by nobody but the clock's tick
    // if it ran on and on.
    bool wants_tick(const Environment& running) const;

    // For an idle CPU: that it has nothing to run; whether it should poll rather than halt, and, at
    // each look, without the kernel lock, whether to go on; when it begins and ends that; what it
    // must do before it halts.
    void idle_begins();
    bool expects_frames() const { return expects_soon_ && somebody_waits(); }
    void polling_begins();
    bool keep_polling() const;
    void polling_ended();
    void before_halt();

private:
    bool somebody_waits() const;
    bool wake();
    Environment* watcher() const;
    Environment* waiting_watcher() const;

    envid_t watcher_ = 0;
    bool frames_were_last_ = false;             // the watcher's last turn was for frames
    bool has_idled_ = false;                    // since the last frames; then:
    uint64_t idle_since_us_ = 0;
    bool expects_soon_ = false;                 // as the last time
};

extern FrameWatch frame_watch;
