// The datagrams that a socket has received and nobody has taken yet: one behind the other in
// blocks, each a DatagramRecord (net/protocol.hh) with its bytes, as a program gets many of them.
#pragma once
#include <span>

#include "net/heap.hh"
#include "net/protocol.hh"

struct pbuf;

class DatagramQueue {
public:
    static constexpr uint32_t max_datagrams = 512;
    static constexpr uint32_t max_bytes = 256 * 1024;
    static constexpr uint32_t max_copied = 1024;        // bytes of a datagram

    bool empty() const { return first_ == nullptr; }
    uint32_t bytes() const { return bytes_; }

    // Copies the datagram, of at most max_copied bytes; drops it when the queue is full.
    void append(std::span<const std::byte> datagram, const NetAddress& from);
    // Takes over the chain, but copies what is small: it may lie in a buffer that is lent.
    void append(pbuf* chain, const NetAddress& from);

    // The oldest datagram: its sender and size, of its bytes as many as fit (returns how many), and
    // all of it as a record of first().whole() bytes.
    const DatagramRecord& first() const
    {
        return *reinterpret_cast<const DatagramRecord*>(first_->bytes + first_->begin);
    }
    uint32_t copy_bytes(std::byte* to, uint32_t limit) const;
    void copy_record(std::byte* to) const;
    void drop_first();
    void clear();

private:
    // Records from `begin` to `end`. One of a datagram that is not copied is Kept: its `unused` is
    // `is_kept`, and its chain follows instead of bytes.
    struct Block {
        Block* next = nullptr;
        uint32_t begin = 0, end = 0;
        alignas(8) std::byte bytes[Heap::max_block - 16];
    };
    static_assert(sizeof(Block) == Heap::max_block);
    struct Kept {
        DatagramRecord record;
        alignas(8) pbuf* chain;
    };
    static constexpr uint32_t is_kept = 1;

    inline DatagramRecord* add(const NetAddress& from, uint32_t size, uint32_t whole);
    inline std::byte* add_copied(const NetAddress& from, uint32_t size);
    const Kept& kept() const { return reinterpret_cast<const Kept&>(first()); }

    Block* first_ = nullptr;            // none is empty
    Block* last_ = nullptr;
    uint32_t count_ = 0;
    uint32_t bytes_ = 0;
};
