#include "net/output_queue.hh"

#include "inc/string.hh"
#include "lwip/pbuf.h"
#include "net/platform.hh"

void OutputQueue::initialise(jif_pkt* pages, uint32_t runs)
{
    pages_ = pages;
    runs_ = runs < max_runs ? runs : max_runs;
}

// Whether the card still reads the run's pages: it reads frames that it cuts where they are, and
// while it does they have a reference more than ours.
bool OutputQueue::card_reads(uint32_t number)
{
    if (read_to_[number] != 0 && platform::is_shared(run(number) + read_to_[number] - 1)) {
        return true;
    }
    read_to_[number] = 0;
    return false;
}

// Sees to it that the last waiting run has room: it must not be full, nor handed over, nor being
// read.
bool OutputQueue::find_room()
{
    const bool last_is_lent = lent_ && waiting_ == 1;
    if (waiting_ > 0 && !last_is_lent && filled_[(first_ + waiting_ - 1) % runs_] < run_pages) {
        return true;
    }
    if (waiting_ == runs_ || card_reads((first_ + waiting_) % runs_)) {
        return false;
    }
    filled_[(first_ + waiting_) % runs_] = 0;
    waiting_++;
    return true;
}

// Copies a frame and pads it; returns its size.
static uint32_t copy_frame(const pbuf* frame, char* to)
{
    const uint32_t size = pbuf_copy_partial(frame, to, frame->tot_len, 0);
    if (size >= min_frame_bytes) {
        return size;
    }
    memset(to + size, 0, min_frame_bytes - size);
    return min_frame_bytes;
}

// The last frame's segment goes on in this one: it gets longer, by whole pages now and then.
bool OutputQueue::join(const pbuf* frame)
{
    const auto room =
        static_cast<uint32_t>((run_pages - last_page_) * PGSIZE - DescribedPacket::data_at);
    const uint32_t size = merge_.append(frame, room);
    if (size == 0) {
        return false;
    }
    const uint32_t number = (first_ + waiting_ - 1) % runs_;
    filled_[number] = last_page_ + pages_of(frame_at(run(number)[last_page_]));
    read_to_[number] = filled_[number];
    return true;
}

void OutputQueue::put_described(DescribedPacket& packet, const pbuf* frame)
{
    const uint32_t size = copy_frame(frame, packet.data);
    packet.minus_length = -static_cast<int32_t>(size);
    const std::span bytes(reinterpret_cast<uint8_t*>(packet.data), size);
    FrameHeaders headers;
    const bool found = find_headers(bytes, headers);
    packet.offload = found ? sums_.prepare(bytes, headers) : NetOffload{};
    if ((offloads_ & NetOffload::segment_ipv4) != 0) {
        merge_.begin(packet, size, headers);
    }
}

bool OutputQueue::add(const pbuf* frame)
{
    if (join(frame)) {
        return true;
    }
    if (frame->tot_len > max_frame_bytes || !find_room()) {
        dropped_++;
        return false;
    }
    const uint32_t number = (first_ + waiting_ - 1) % runs_;
    last_page_ = filled_[number]++;
    jif_pkt& packet = run(number)[last_page_];
    if ((offloads_ & NetOffload::checksum) != 0) {
        put_described(reinterpret_cast<DescribedPacket&>(packet), frame);
    } else {
        packet.jp_len = static_cast<int32_t>(copy_frame(frame, packet.jp_data));
    }
    return true;
}

PageRun OutputQueue::take()
{
    if (lent_ || waiting_ == 0 || filled_[first_] == sent_) {
        return PageRun::none();
    }
    lent_ = true;
    merge_.end();
    sums_.forget();
    return PageRun::at(reinterpret_cast<uintptr_t>(run(first_) + sent_), filled_[first_] - sent_);
}

// A run that has gone is the next to be filled if no other waits: its pages are at hand.
void OutputQueue::done(uint32_t pages)
{
    if (!lent_) {
        return;
    }
    lent_ = false;
    sent_ += pages;
    if (sent_ < filled_[first_]) {
        return;
    }
    filled_[first_] = sent_ = 0;
    if (--waiting_ > 0 || card_reads(first_)) {
        first_ = (first_ + 1) % runs_;
    }
}
