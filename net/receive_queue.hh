// What a socket has received and nobody has taken yet: a byte stream, or datagrams. Owns its pbufs.
#pragma once
#include "inc/types.hh"
#include "net/protocol.hh"

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

class DatagramQueue {
public:
    static constexpr uint32_t max_datagrams = 512;
    static constexpr uint32_t max_bytes = 256 * 1024;
    static constexpr uint32_t max_copied = 1024;        // bytes of a datagram

    bool empty() const { return first_ == nullptr; }
    uint32_t bytes() const { return bytes_; }
    // Takes over the chain, but copies what is small: it may lie in a buffer that is lent. Frees
    // it, as a full queue does, when there is no room.
    void append(pbuf* chain, NetAddress from);
    uint32_t first_size() const;        // of the first datagram
    // The first datagram's sender and as much of it as fits; returns how many bytes.
    uint32_t copy_to(std::byte* to, uint32_t limit, NetAddress* from) const;
    void drop_first();
    void clear();

private:
    struct Datagram {
        Datagram* next = nullptr;
        pbuf* chain = nullptr;          // null: the bytes follow
        uint32_t size = 0;
        NetAddress from;

        std::byte* bytes() { return reinterpret_cast<std::byte*>(this + 1); }
    };
    Datagram* first_ = nullptr;
    Datagram* last_ = nullptr;
    uint32_t count_ = 0;
    uint32_t bytes_ = 0;
};
