#include "kern/env/wait_queue.hh"

#include "kern/debug/panic.hh"
#include "kern/env/environment.hh"

void WaitQueue::append(Environment& environment)
{
    ASSERT(environment.queue_ == nullptr);
    environment.queue_ = this;
    environment.next_ = nullptr;
    environment.previous_ = last_;
    (last_ != nullptr ? last_->next_ : first_) = &environment;
    last_ = &environment;
}

void WaitQueue::remove(Environment& environment)
{
    ASSERT(environment.queue_ == this);
    (environment.previous_ != nullptr ? environment.previous_->next_ : first_) = environment.next_;
    (environment.next_ != nullptr ? environment.next_->previous_ : last_) = environment.previous_;
    environment.queue_ = nullptr;
    environment.next_ = environment.previous_ = nullptr;
}

void WaitQueue::wake_one()
{
    if (first_ != nullptr) {
        first_->make_runnable();
    }
}

void WaitQueue::wake_all()
{
    while (first_ != nullptr) {
        first_->make_runnable();
    }
}

Environment* WaitQueue::next(const Environment& environment) { return environment.next_; }
