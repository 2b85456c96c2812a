// Datagrams of one flow (the same addresses and ports) that come right behind each other: lwIP gets
// the first, and the socket that took it gets the others without it. Nothing but such datagrams
// comes between them, so lwIP would find the same socket; what is unusual or wrong in one of them it
// gets to judge itself. UDP over IPv4.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "net/protocol.hh"

struct Socket;

class DatagramFlow {
public:
    static constexpr size_t key_words = 7;

    // Delivers the frame, of DatagramQueue::max_copied bytes at most, if it is the flow's next, and
    // sound; else false, and nothing was done.
    bool receive(std::span<const uint8_t> frame);

    // lwIP is about to get this frame with a whole datagram: the next flow's first, maybe.
    void begin(std::span<const uint8_t> frame);
    // And this socket has taken it.
    void taken_by(Socket& socket, const NetAddress& from);

    // Something else comes.
    void end() { is_open_ = false; }

private:
    bool is_next(const uint8_t* frame) const;

    bool is_open_ = false;
    uint32_t takers_ = 0;               // of the first
    std::array<uint32_t, key_words> key_{};     // what all have in common
    Socket* taker_ = nullptr;
    NetAddress from_;
};

extern DatagramFlow datagram_flow;
