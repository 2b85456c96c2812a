#include "net/receive_queue.hh"

#include "inc/string.hh"
#include "lwip/pbuf.h"
#include "net/heap.hh"

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

void DatagramQueue::append(pbuf* chain, NetAddress from)
{
    const uint32_t size = chain->tot_len;
    const bool is_copied = size <= max_copied;
    const bool full = count_ == max_datagrams || bytes_ + size > max_bytes || net_heap.is_low();
    void* memory = full ? nullptr : net_heap.allocate(sizeof(Datagram) + (is_copied ? size : 0));
    if (memory == nullptr) {
        pbuf_free(chain);
        return;
    }
    Datagram* datagram = static_cast<Datagram*>(memory);
    *datagram = {nullptr, is_copied ? nullptr : chain, size, from};
    if (is_copied) {
        pbuf_copy_partial(chain, datagram->bytes(), chain->tot_len, 0);
        pbuf_free(chain);
    }
    (last_ != nullptr ? last_->next : first_) = datagram;
    last_ = datagram;
    count_++;
    bytes_ += size;
}

uint32_t DatagramQueue::first_size() const { return first_->size; }

uint32_t DatagramQueue::copy_to(std::byte* to, uint32_t limit, NetAddress* from) const
{
    *from = first_->from;
    const uint32_t size = first_->size < limit ? first_->size : limit;
    if (first_->chain == nullptr) {
        memcpy(to, first_->bytes(), size);
        return size;
    }
    return pbuf_copy_partial(first_->chain, to, static_cast<u16_t>(size), 0);
}

void DatagramQueue::drop_first()
{
    Datagram* datagram = first_;
    first_ = datagram->next;
    if (first_ == nullptr) {
        last_ = nullptr;
    }
    count_--;
    bytes_ -= datagram->size;
    if (datagram->chain != nullptr) {
        pbuf_free(datagram->chain);
    }
    net_heap.free(datagram);
}

void DatagramQueue::clear()
{
    while (!empty()) {
        drop_first();
    }
}
