// Frames on their way from lwIP to the output environment: collected in runs of packet pages, one
// run handed over at a time, so that the server never waits for the card. While output holds a
// run the next ones fill up; when none is left frames are dropped, as by any full queue.
#pragma once
#include "inc/net.hh"
#include "inc/syscall.hh"

struct pbuf;

class OutputQueue {
public:
    static constexpr uint32_t run_pages = max_net_batch;
    static constexpr uint32_t max_runs = 8;

    // `pages`: runs * run_pages packet pages.
    void initialise(jif_pkt* pages, uint32_t runs);

    // Copies a frame into the run that is being filled, padded with zeros to min_frame_bytes.
    // false: dropped, there is no room or it is too long.
    bool add(const pbuf* frame);

    // The next run to hand over: none while output holds one, or when no frame waits. The pages
    // are output's until done().
    PageRun take();
    void done();

    uint64_t dropped() const { return dropped_; }

private:
    bool find_room();
    jif_pkt* run(uint32_t number) { return pages_ + number * run_pages; }

    jif_pkt* pages_ = nullptr;
    uint32_t runs_ = 0;
    uint32_t first_ = 0;                // run that is next to go, or is with output
    uint32_t waiting_ = 0;              // runs from first_ on that hold frames
    uint32_t filled_[max_runs] = {};    // frames in each
    bool lent_ = false;                 // output holds first_
    uint64_t dropped_ = 0;
};
