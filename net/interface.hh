// The network interface as lwIP sees it: frames in from the input environment's packet pages,
// frames out to the output queue.
#pragma once
#include <span>

#include "inc/net.hh"
#include "net/output_queue.hh"

inline constexpr uint32_t own_address = 0x0A00020F;         // 10.0.2.15
inline constexpr uint32_t own_netmask = 0xFFFFFF00;
inline constexpr uint32_t gateway_address = 0x0A000202;     // 10.0.2.2
inline constexpr uint32_t name_server_address = 0x0A000203; // 10.0.2.3

extern OutputQueue output_queue;

// Starts lwIP; its memory must be there already.
void interface_start_stack();
// Adds the card.
void interface_add(const NetInfo& info);
void interface_set_link(bool up);

// Hands a copy of a received frame to lwIP. What is no Ethernet frame by its length is dropped.
void interface_receive(std::span<const char> frame);

// NSREQ_INTERFACE.
struct Request;
void interface_request(Request& request);

// Lets lwIP's timers run. What it calls back meanwhile can ask whether it is a timer that calls.
void interface_check_timers();
bool interface_in_timers();

// Hands packets between our own sockets on; does not call back into the caller's socket.
void interface_loop_back();
