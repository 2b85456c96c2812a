#include "net/byte_queue.hh"

#include "inc/string.hh"
#include "lwip/pbuf.h"

void ByteQueue::append(pbuf* chain)
{
    bytes_ += chain->tot_len;
    if (last_ != nullptr) {
        last_->next = chain;
    } else {
        first_ = chain;
    }
    last_ = chain;
    while (last_->next != nullptr) {
        last_ = last_->next;
    }
}

uint32_t ByteQueue::copy_to(std::byte* to, uint32_t limit) const
{
    uint32_t copied = 0;
    uint32_t offset = offset_;
    for (const pbuf* part = first_; part != nullptr && copied < limit; part = part->next) {
        const uint32_t left = part->len - offset;
        const uint32_t size = left < limit - copied ? left : limit - copied;
        memcpy(to + copied, static_cast<const std::byte*>(part->payload) + offset, size);
        copied += size;
        offset = 0;
    }
    return copied;
}

void ByteQueue::drop(uint32_t count)
{
    bytes_ -= count;
    offset_ += count;
    while (first_ != nullptr && offset_ >= first_->len) {
        offset_ -= first_->len;
        pbuf* done = first_;
        first_ = done->next;
        done->next = nullptr;           // else its end would free the rest of the chain too
        pbuf_free(done);
    }
    if (first_ == nullptr) {
        last_ = nullptr;
        offset_ = 0;
    }
}

void ByteQueue::clear() { drop(bytes_); }
