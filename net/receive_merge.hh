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
    struct Packet {
        pbuf* frame = nullptr;
        bool is_checked = false;        // IP's and TCP's checksums were right, and no longer are
    };

    // Takes over `frame`, a pbuf in one piece: keeps it as long as others may continue it, and calls
    // deliver(Packet), which takes over what no other can continue any more, in order.
    template <typename Deliver> void receive(pbuf* frame, Deliver deliver)
    {
        Segment next;
        const bool can_be_joined = find(frame, next);
        if (can_be_joined && append(next)) {
            return;
        }
        end(deliver);
        if (can_be_joined) {
            begin(next);
        } else {
            deliver(Packet{frame});
        }
    }

    // Delivers what is kept, if anything.
    template <typename Deliver> void end(Deliver deliver)
    {
        if (count_ > 0) {
            deliver(take());
        }
    }

private:
    static constexpr uint32_t max_segments = 44;        // of 1,460 bytes: IP's lengths have 16 bits

    struct Segment {
        pbuf* frame = nullptr;
        FrameHeaders headers;
        uint32_t payload() const;
        void cut_padding() const;
    };
    static bool find(pbuf* frame, Segment& segment);
    bool append(const Segment& next);
    void begin(const Segment& first);
    Packet take();
    bool follows(const Segment& next) const;
    void write_header();
    void join();

    std::array<Segment, max_segments> segments_{};
    uint32_t count_ = 0;
    uint32_t payload_ = 0;              // bytes of all
};
