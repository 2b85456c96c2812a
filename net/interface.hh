// The network interface as lwIP sees it: frames in, frames out to the output queue.
#pragma once
#include <span>

#include "inc/net.hh"
#include "net/output_queue.hh"

struct netif;
struct pbuf;

extern OutputQueue output_queue;

// Starts lwIP; its memory must be there already.
void interface_start_stack();
// Adds the card. `by_dhcp`: its IPv4 addresses are to come from a DHCP server.
void interface_add(const NetInfo& info, bool by_dhcp);
netif* interface_card();                // null: there is none
void interface_set_link(bool up);

// Hands a copy of a received frame to lwIP. What is no Ethernet frame by its length is dropped.
void interface_receive(std::span<const char> frame);
// The same without a copy: a buffer for one frame of at most max_frame_bytes, null if there is no
// memory; and its `size` bytes handed to lwIP, the buffer's ownership with them.
pbuf* interface_buffer();
void interface_receive_in(pbuf* buffer, size_t size);
// Or lent to lwIP, where nobody keeps a frame of that kind; the buffer stays the caller's. False:
// it may be kept, and nothing was done.
bool interface_lend(pbuf* buffer, size_t size);
// Frames that were received together end here: the last segments may still be kept for those that
// follow (net/receive_merge.hh).
void interface_receive_end();

// NSREQ_INTERFACE.
struct Request;
void interface_request(Request& request);

// Lets lwIP's timers run. What it calls back meanwhile can ask whether it is a timer that calls.
void interface_check_timers();
bool interface_in_timers();

// Hands packets between our own sockets on; does not call back into the caller's socket.
void interface_loop_back();
