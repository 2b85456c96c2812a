// Frames in a run of packet pages, on their way from the core server to the card. A plain frame is
// a jif_pkt in a page of its own. A negative length means that the card is to do something to the
// frame: the page is a DescribedPacket, and the frame goes on in as many pages as it needs.
#pragma once
#include <span>

#include "inc/net.hh"

struct DescribedPacket {
    int32_t minus_length = 0;
    NetOffload offload;
    char data[PGSIZE - sizeof(int32_t) - sizeof(NetOffload)] = {};

    static constexpr size_t data_at = sizeof(int32_t) + sizeof(NetOffload);
};
static_assert(sizeof(DescribedPacket) == PGSIZE);

// The frame that begins in the page, as net_transmit takes it.
NetFrame frame_at(const jif_pkt& page);

// How many pages the frame of that length takes: at least one.
uint32_t pages_of(const NetFrame& frame);

// Lists the run's frames; returns how many. The pages may be shared with somebody who has written
// anything: what does not fit into the run, or is too long for the card, is left out and counted
// in `dropped`.
uint32_t frames_of(const jif_pkt* pages, uint32_t page_count, std::span<NetFrame> frames,
                   uint32_t& dropped);
