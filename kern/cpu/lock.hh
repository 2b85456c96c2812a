// Spin locks that own what they guard. Lock order: kernel lock, then a card's transmit lock, then
// its receive lock, then the console's. The kernel runs with interrupts off.
#pragma once
#include <atomic>
#include <utility>

class SpinLock {
public:
    void acquire()
    {
        while (!try_acquire()) {
            __builtin_ia32_pause();
        }
    }
    bool try_acquire()
    {
        return !held_.load(std::memory_order_relaxed)
            && !held_.exchange(true, std::memory_order_acquire);
    }
    void release() { held_.store(false, std::memory_order_release); }

private:
    std::atomic<bool> held_ = false;
};

class [[nodiscard]] LockGuard {
public:
    explicit LockGuard(SpinLock& lock) : lock_(lock) { lock_.acquire(); }
    ~LockGuard() { lock_.release(); }
    LockGuard(const LockGuard&) = delete;
    LockGuard& operator=(const LockGuard&) = delete;

private:
    SpinLock& lock_;
};

// A value that can only be reached while its lock is held: `auto rx = receive_.lock(); rx->...`
template <typename T> class Locked {
public:
    class [[nodiscard]] Access {
    public:
        explicit Access(Locked& owner) : guard_(owner.lock_), value_(owner.value_) {}
        T* operator->() { return &value_; }
        T& operator*() { return value_; }

    private:
        LockGuard guard_;
        T& value_;
    };

    template <typename... Arguments>
    constexpr explicit Locked(Arguments&&... arguments) : value_(std::forward<Arguments>(arguments)...)
    {
    }
    Access lock() { return Access(*this); }

private:
    SpinLock lock_;
    T value_;
};
