// The output environment: from the core server to the card.
#include "inc/net.hh"
#include "lib/lib.hh"
#include "net/ns.hh"
#include "net/packet_run.hh"
#include "net/protocol.hh"

static constexpr uint32_t batch = max_net_batch;
static constexpr uint32_t full_ring_ms = 1000;      // how long a full ring may stay full
static NetFrame frames[batch];

static const jif_pkt* packet(uint32_t number)
{
    return reinterpret_cast<const jif_pkt*>(packet_window) + number;
}

// Collects the packets that can be sent.
static uint32_t collect(uint32_t page_count)
{
    uint32_t dropped = 0;
    const uint32_t count = frames_of(packet(0), page_count, frames, dropped);
    if (dropped > 0) {
        cprintf("ns_output: %u packets without a length that can be were dropped\n", dropped);
    }
    return count;
}

// Sends all that was collected, waiting in the kernel while the ring is full. A card that takes
// nothing for a second loses the rest.
static void transmit(uint32_t count)
{
    for (uint32_t sent = 0; sent < count;) {
        const int result = sys_net_transmit(frames + sent, count - sent, full_ring_ms);
        if (result <= 0) {
            static uint32_t reported;
            if (reported++ < 10) {
                cprintf("ns_output: %u packets lost: %s\n", count - sent, error_text(result));
            }
            return;
        }
        sent += static_cast<uint32_t>(result);
    }
}

// Takes what the first frame needs now, the window's page table and our own copy of `frames`: what
// is sent later must not cost memory.
static void take_memory()
{
    int result = sys_page_alloc(0, packet(0), PTE_P | PTE_U | PTE_W);
    if (result == 0) {
        result = sys_page_unmap(0, packet(0));
    }
    if (result < 0) {
        panic("no memory for the window of packets: %s", error_text(result));
    }
    for (NetFrame& frame : frames) {
        *const_cast<volatile uint32_t*>(&frame.length) = 0;
    }
}

// Sends runs of packet pages from `ns_envid`, and from nobody else. A message with
// output_wants_answer is answered; the answer fetches the next run.
void output(envid_t ns_envid)
{
    sys_env_set_name(0, "ns_output");
    take_memory();
    const PageRun window = PageRun::at(packet_window, batch, false);
    IpcMessage message = ipc_wait(window, wait_forever, ns_envid);
    while (message.from > 0) {
        if ((message.value & 0xFF) == NSREQ_OUTPUT) {
            transmit(collect(message.pages.count()));
        }
        // The core sees by its pages' references what the card has read: ours must not count.
        sys_page_unmap_run(0, packet(0), message.pages.count());
        if ((message.value & output_wants_answer) != 0) {
            message = ipc_call(ns_envid, NSREQ_OUTPUT_DONE, {}, window);
        } else {
            message = ipc_wait(window, wait_forever, ns_envid);
        }
    }
    if (message.from != to_abi(Error::peer_died) && message.from != to_abi(Error::bad_env)) {
        cprintf("ns_output: cannot wait for packets: %s\n", error_text(message.from));
    }
}
