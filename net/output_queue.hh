// Frames on their way from lwIP to the card: collected in runs of packet pages, one run handed over
// at a time, to the card or to the output environment, so that the server never waits for the
// card. While output holds a run the next ones fill up; when none is left frames are dropped, as
// by any full queue.
#pragma once
#include "inc/net.hh"
#include "inc/syscall.hh"

#include "net/frame_sums.hh"
#include "net/packet_run.hh"
#include "net/segment_merge.hh"

struct pbuf;

class OutputQueue {
public:
    static constexpr uint32_t run_pages = max_net_batch;
    static constexpr uint32_t max_runs = 8;

    // `pages`: runs * run_pages packet pages.
    void initialise(jif_pkt* pages, uint32_t runs);

    // What the card does (NetInfo::offloads): from now on it is asked to. With checksum, lwIP must
    // leave TCP's and UDP's out.
    void use_offloads(uint32_t offloads) { offloads_ = offloads; }

    // Copies a frame into the run that is being filled, padded with zeros to min_frame_bytes, or
    // joins it to the one before. false: dropped, there is no room or it is too long.
    bool add(const pbuf* frame);

    bool empty() const { return waiting_ == 0; }

    // The next run to hand over: none while one is handed over, or when no frame waits. The pages
    // stay as they are until done() says how many of them have gone; the others come again.
    PageRun take();
    void done(uint32_t pages);

    uint64_t dropped() const { return dropped_; }

private:
    bool join(const pbuf* frame);
    void put_described(DescribedPacket& packet, const pbuf* frame);
    bool card_reads(uint32_t number);
    bool find_room();
    jif_pkt* run(uint32_t number) { return pages_ + number * run_pages; }

    jif_pkt* pages_ = nullptr;
    uint32_t runs_ = 0;
    uint32_t first_ = 0;                // run that is next to go, or is with output
    uint32_t waiting_ = 0;              // runs from first_ on that hold frames
    uint32_t filled_[max_runs] = {};    // pages in each
    uint32_t read_to_[max_runs] = {};   // pages in each, up to the last that the card reads there
    uint32_t sent_ = 0;                 // of the pages in first_
    bool lent_ = false;                 // first_ is handed over
    uint32_t offloads_ = 0;
    uint32_t last_page_ = 0;            // where the last frame begins, in the run that is filled
    FrameSums sums_;
    SegmentMerge merge_;
    uint64_t dropped_ = 0;
};
