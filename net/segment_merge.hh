// Segments of one TCP connection that follow each other, joined into one that the card cuts again:
// what is on the wire is the same, but the way to the card is gone once for up to 60 KiB. lwIP
// makes segments one by one and knows nothing of it.
#pragma once
#include <cstddef>
#include <cstdint>

#include "net/frame_sums.hh"
#include "net/packet_run.hh"

struct pbuf;

class SegmentMerge {
public:
    // `packet` is the queue's last now, a frame of `bytes` with these headers: the next one may be
    // joined to it. If the card is not to sum it, it is left alone, whatever its headers.
    void begin(DescribedPacket& packet, uint32_t bytes, const FrameHeaders& headers);

    // Joins `frame` if it goes on where the last packet ends, all else being equal, and if that
    // stays below `room` bytes. Returns the packet's bytes then, else 0. What would have to be
    // padded is not joined: not every card pads what it has cut.
    uint32_t append(const pbuf* frame, uint32_t room);

    // The last packet is complete.
    void end() { packet_ = nullptr; }

private:
    bool follows(const uint8_t* next, uint32_t payload) const;
    void make_cut();
    uint8_t* first() const { return reinterpret_cast<uint8_t*>(packet_->data); }

    DescribedPacket* packet_ = nullptr; // null: nothing can be joined
    uint32_t bytes_ = 0;                // of the packet
    uint32_t headers_ = 0;
    uint32_t segment_ = 0;              // bytes of payload in each segment but the last
    uint32_t segments_ = 0;
};
