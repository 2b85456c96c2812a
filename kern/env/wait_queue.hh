// Where environments wait inside a system call. Waking one runs its system call again from the
// start, so a call that may wait looks at its condition first and changes nothing before:
//
//     if (nothing_there()) {
//         return caller.wait_on(queue, timeout_ms);   // Error: blocked, or timed_out
//     }
//
// The timeout counts from the first try. A queue may be woken from an interrupt handler.
#pragma once

class Environment;

class WaitQueue {
public:
    bool empty() const { return first_ == nullptr; }
    void wake_one();
    void wake_all();

    Environment* first() const { return first_; }
    static Environment* next(const Environment& environment);   // null at the end

private:
    friend class Environment;
    friend class Scheduler;
    void append(Environment& environment);
    void remove(Environment& environment);

    Environment* first_ = nullptr;
    Environment* last_ = nullptr;
};
