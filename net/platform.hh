// What the core server needs of the system it runs on. net/platform.cc is JOS; the host tests
// have a system of their own.
#pragma once
#include <span>

#include "inc/env.hh"
#include "inc/net.hh"
#include "inc/syscall.hh"

namespace platform {

uint32_t now_ms();

// A number that nobody outside can guess.
uint64_t random();

// Answers a client that waits in ipc_call; if it does not wait any more the answer is lost. Never
// blocks. The last answer of a turn may be delivered together with the wait for the next message,
// so `pages` must stay mapped until then; flush_answers delivers it now.
void answer(envid_t client, int32_t value, PageRun pages = {});
void flush_answers();

bool is_alive(envid_t env);

// The network card's counters and rings. False, and both empty: there is no card.
bool card_status(NetInfo& card, NetRings& rings);

// Whether somebody else has a reference to the page, such as the card's driver.
bool is_shared(const void* page);

// Has the card receive frames to these multicast addresses, and to no others.
void set_multicast(std::span<const EthernetAddress> addresses);

// The pages that come with request number `index` appear here, up to max_message_pages.
inline constexpr uint32_t max_message_pages = 384;
std::byte* request_window(uint32_t index);
// Takes `count` pages at the start of a window out of our address space.
void release_window(uint32_t index, uint32_t count);

// Socket `slot`'s descriptor page, which names it to clients; false: there is no memory. How many
// others hold it; its end.
bool make_descriptor(uint32_t slot, uint64_t ticket, uint32_t kind, uint32_t family);
unsigned descriptor_holders(uint32_t slot);
PageRun descriptor_run(uint32_t slot);
void free_descriptor(uint32_t slot);

} // namespace platform
