// The bytes that a stream has received and nobody has taken yet. Owns the pbufs that they lie in.
#pragma once
#include "inc/types.hh"

struct pbuf;

class ByteQueue {
public:
    bool empty() const { return bytes_ == 0; }
    uint32_t bytes() const { return bytes_; }
    void append(pbuf* chain);           // takes over the chain
    uint32_t copy_to(std::byte* to, uint32_t limit) const;      // from the front; returns how many
    void drop(uint32_t count);          // at most bytes(), from the front
    void clear();

private:
    pbuf* first_ = nullptr;             // linked by `next`; tot_len is not kept up
    pbuf* last_ = nullptr;
    uint32_t offset_ = 0;               // bytes of the first that are gone already
    uint32_t bytes_ = 0;
};
