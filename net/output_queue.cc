#include "net/output_queue.hh"

#include "inc/string.hh"
#include "lwip/pbuf.h"

void OutputQueue::initialise(jif_pkt* pages, uint32_t runs)
{
    pages_ = pages;
    runs_ = runs < max_runs ? runs : max_runs;
}

// Sees to it that the last waiting run has room: it must not be full, nor output's.
bool OutputQueue::find_room()
{
    const bool last_is_lent = lent_ && waiting_ == 1;
    if (waiting_ > 0 && !last_is_lent && filled_[(first_ + waiting_ - 1) % runs_] < run_pages) {
        return true;
    }
    if (waiting_ == runs_) {
        return false;
    }
    filled_[(first_ + waiting_) % runs_] = 0;
    waiting_++;
    return true;
}

bool OutputQueue::add(const pbuf* frame)
{
    if (frame->tot_len > max_frame_bytes || !find_room()) {
        dropped_++;
        return false;
    }
    const uint32_t number = (first_ + waiting_ - 1) % runs_;
    jif_pkt& packet = run(number)[filled_[number]];
    uint32_t size = pbuf_copy_partial(frame, packet.jp_data, frame->tot_len, 0);
    if (size < min_frame_bytes) {
        memset(packet.jp_data + size, 0, min_frame_bytes - size);
        size = min_frame_bytes;
    }
    packet.jp_len = static_cast<int32_t>(size);
    filled_[number]++;
    return true;
}

PageRun OutputQueue::take()
{
    if (lent_ || waiting_ == 0 || filled_[first_] == sent_) {
        return PageRun::none();
    }
    lent_ = true;
    return PageRun::at(reinterpret_cast<uintptr_t>(run(first_) + sent_), filled_[first_] - sent_);
}

// A run that has gone is the next to be filled if no other waits: its pages are at hand.
void OutputQueue::done(uint32_t sent)
{
    if (!lent_) {
        return;
    }
    lent_ = false;
    sent_ += sent;
    if (sent_ < filled_[first_]) {
        return;
    }
    filled_[first_] = sent_ = 0;
    if (--waiting_ > 0) {
        first_ = (first_ + 1) % runs_;
    }
}
