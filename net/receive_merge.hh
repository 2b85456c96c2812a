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
    // Keeps `frame`, a pbuf in one piece, if it continues the segments that are kept; or, in
    // begin(), if others may continue it, and nothing is kept. True: it is ours from now on.
    bool append(pbuf* frame);
    bool begin(pbuf* frame);

    // What is kept, as one frame, the caller's from now on; null: nothing.
    struct Packet {
        pbuf* frame = nullptr;
        bool is_checked = false;        // IP's and TCP's checksums were right, and no longer are
    };
    Packet take();

private:
    static constexpr uint32_t max_segments = 44;        // of 1,460 bytes: IP's lengths have 16 bits

    struct Segment {
        pbuf* frame = nullptr;
        FrameHeaders headers;
        uint32_t payload() const;
        void cut_padding() const;
    };
    static bool find(pbuf* frame, Segment& segment);
    bool follows(const Segment& next) const;
    void write_header();
    void join();

    std::array<Segment, max_segments> segments_{};
    uint32_t count_ = 0;
    uint32_t payload_ = 0;              // bytes of all
};
