// Segments of one connection that have come one right behind the other become one large segment:
// lwIP then takes them in one go, and acknowledges them with one frame. Their checksums are checked
// here, before they are joined.
#pragma once
#include <array>
#include <cstdint>

#include "net/frame_sums.hh"

struct pbuf;

class ReceiveMerge {
public:
    struct Segment {
        pbuf* frame = nullptr;          // in one piece
        FrameHeaders headers;
        uint32_t payload() const;
        void cut_padding() const;
    };
    // Whether a frame is a segment that can be joined with others.
    static bool find(pbuf* frame, Segment& segment);

    // Keeps the segment if it continues those that are kept; begin() if nothing is kept. The frame
    // is ours then.
    bool append(const Segment& next);
    void begin(const Segment& first);
    bool is_empty() const { return count_ == 0; }

    // What is kept, as one frame, the caller's from now on; null: nothing.
    struct Packet {
        pbuf* frame = nullptr;
        bool is_checked = false;        // IP's and TCP's checksums were right, and no longer are
    };
    Packet take();

private:
    static constexpr uint32_t max_segments = 44;        // of 1,460 bytes: IP's lengths have 16 bits

    bool follows(const Segment& next) const;
    void write_header();
    void join();

    std::array<Segment, max_segments> segments_{};
    uint32_t count_ = 0;
    uint32_t payload_ = 0;              // bytes of all
};
