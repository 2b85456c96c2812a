#include "net/card_access.hh"

#include <array>

#include "lib/lib.hh"
#include "lwip/pbuf.h"
#include "net/interface.hh"
#include "net/packet_run.hh"

static constexpr uint32_t receive_batch = 64;
// A turn takes one batch; of small frames more, for each turn is a switch to programs and back. But
// no more than a socket keeps (DatagramQueue): each counts as so many bytes at least.
static constexpr uint32_t turn_bytes = 32768, least_bytes = 128;
// Frames below this that lwIP or a socket may keep are copied, so that small ones in a queue do not
// hold buffers for large ones; others are given to lwIP with the buffer they came in.
static constexpr uint32_t give_from_bytes = 1024;

static std::array<pbuf*, receive_batch> buffers;
static std::array<NetFrame, receive_batch> to_receive;      // the room in them
static std::array<NetFrame, max_net_batch> to_send;

static NetFrame room_of(const pbuf* buffer)
{
    return {address_of(buffer->payload), max_frame_bytes};
}

void card_access_start()
{
    for (uint32_t i = 0; i < receive_batch; i++) {
        buffers[i] = interface_buffer();
        if (buffers[i] == nullptr) {
            panic("no memory for receive buffers");
        }
        to_receive[i] = room_of(buffers[i]);
    }
    if (const int result = sys_net_watch(); result < 0) {
        panic("cannot watch the card: %s", error_text(result));
    }
}

// Hands the frame in buffer `number` on. A frame for which there is no memory is lost.
static void pass_on(uint32_t number, uint32_t length)
{
    pbuf*& buffer = buffers[number];
    if (interface_lend(buffer, length)) {
        return;
    }
    if (length >= give_from_bytes) {
        if (pbuf* const next = interface_buffer()) {
            interface_receive_in(buffer, length);
            buffer = next;
            return;
        }
    }
    interface_receive({static_cast<const char*>(buffer->payload), length});
}

// Takes a batch of frames; what they count, 0 if there may be no more.
static uint32_t take_batch()
{
    const int received = sys_net_receive(to_receive.data(), receive_batch, 0);
    const uint32_t count = received > 0 ? static_cast<uint32_t>(received) : 0;
    uint32_t bytes = 0;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t length = to_receive[i].length;
        bytes += length > least_bytes ? length : least_bytes;
        pass_on(i, length);
        to_receive[i] = room_of(buffers[i]);
    }
    return count == receive_batch ? bytes : 0;
}

void card_receive()
{
    if (buffers[0] == nullptr) {
        return;                         // there is no card
    }
    uint32_t taken = 0, more = 0;
    do {
        more = take_batch();
        taken += more;
    } while (more > 0 && taken < turn_bytes && output_queue.empty());
    interface_receive_end();
}

bool card_transmit()
{
    for (PageRun run = output_queue.take(); run.count() > 0; run = output_queue.take()) {
        const auto* const packets = reinterpret_cast<const jif_pkt*>(run.address());
        uint32_t dropped = 0;           // none: we have filled in the pages ourselves
        const uint32_t count = frames_of(packets, run.count(), to_send, dropped);
        const int sent = sys_net_transmit(to_send.data(), count, 0);
        uint32_t gone = 0;
        for (int i = 0; i < sent; i++) {
            gone += pages_of(to_send[static_cast<uint32_t>(i)]);
        }
        output_queue.done(gone);
        if (sent < 0 || static_cast<uint32_t>(sent) < count) {
            return false;
        }
    }
    return true;
}
