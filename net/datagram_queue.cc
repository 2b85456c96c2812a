#include "net/datagram_queue.hh"

#include <new>

#include "inc/string.hh"
#include "lwip/pbuf.h"

// A record at the end, `whole` bytes with what is to follow it; null: the queue is full, or there
// is no memory.
inline DatagramRecord* DatagramQueue::add(const NetAddress& from, uint32_t size, uint32_t whole)
{
    if (count_ == max_datagrams || size > max_bytes - bytes_ || net_heap.is_low()) {
        return nullptr;
    }
    if (last_ == nullptr || whole > sizeof last_->bytes - last_->end) {
        void* const memory = net_heap.allocate(sizeof(Block));
        if (memory == nullptr) {
            return nullptr;
        }
        Block* const block = new (memory) Block;
        (last_ != nullptr ? last_->next : first_) = block;
        last_ = block;
    }
    auto* const record = new (last_->bytes + last_->end) DatagramRecord{from, size};
    last_->end += whole;
    count_++;
    bytes_ += size;
    return record;
}

// The same of a datagram that is copied: room for its bytes.
inline std::byte* DatagramQueue::add_copied(const NetAddress& from, uint32_t size)
{
    const uint32_t whole = DatagramRecord::whole(size);
    DatagramRecord* const record = add(from, size, whole);
    if (record == nullptr) {
        return nullptr;
    }
    // Programs see what fills the last 8 bytes up. (Without a datagram they are its size, 0.)
    memset(reinterpret_cast<std::byte*>(record) + whole - 8, 0, 8);
    return reinterpret_cast<std::byte*>(record + 1);
}

void DatagramQueue::append(std::span<const std::byte> datagram, const NetAddress& from)
{
    if (std::byte* const room = add_copied(from, static_cast<uint32_t>(datagram.size()))) {
        memcpy(room, datagram.data(), datagram.size());
    }
}

void DatagramQueue::append(pbuf* chain, const NetAddress& from)
{
    if (chain->tot_len <= max_copied) {
        if (std::byte* const room = add_copied(from, chain->tot_len)) {
            pbuf_copy_partial(chain, room, chain->tot_len, 0);
        }
        pbuf_free(chain);
    } else if (DatagramRecord* const record = add(from, chain->tot_len, sizeof(Kept))) {
        record->unused = is_kept;
        reinterpret_cast<Kept*>(record)->chain = chain;
    } else {
        pbuf_free(chain);
    }
}

uint32_t DatagramQueue::copy_bytes(std::byte* to, uint32_t limit) const
{
    const uint32_t size = first().size < limit ? first().size : limit;
    if (first().unused == is_kept) {
        return pbuf_copy_partial(kept().chain, to, static_cast<u16_t>(size), 0);
    }
    memcpy(to, &first() + 1, size);
    return size;
}

void DatagramQueue::copy_record(std::byte* to) const
{
    if (first().unused != is_kept) {
        memcpy(to, &first(), first().whole());
        return;
    }
    DatagramRecord record = first();
    record.unused = 0;
    memcpy(to, &record, sizeof record);
    copy_bytes(to + sizeof record, record.size);
}

void DatagramQueue::drop_first()
{
    count_--;
    bytes_ -= first().size;
    if (first().unused == is_kept) {
        pbuf_free(kept().chain);
        first_->begin += uint32_t{sizeof(Kept)};
    } else {
        first_->begin += first().whole();
    }
    if (first_->begin == first_->end) {
        Block* const done = first_;
        first_ = done->next;
        last_ = first_ == nullptr ? nullptr : last_;
        net_heap.free(done);
    }
}

void DatagramQueue::clear()
{
    while (!empty()) {
        drop_first();
    }
}
