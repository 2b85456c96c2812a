// A system for the network server's core to run on in unit tests: clients, time and frames are the
// test's. Link fake_platform.cc, the core's sources and lwIP.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "net/protocol.hh"

namespace fake_net {

// Starts lwIP and the core, once in a process: with a card of ours, whose link is up.
void start();

// Lets time pass, and lwIP and the core's tick notice.
void pass_time(uint32_t ms);

// A client's request, with `pages` pages that hold header and data. Returns the answer if it came
// at once or during the turn.
std::optional<int32_t> request(int32_t client, uint32_t code, const SocketRequest& header,
                               std::string_view data = {}, uint32_t pages = 1,
                               bool writable = true);
// The answer to a client's parked request, once it is there; forgets it.
std::optional<int32_t> take_answer(int32_t client);
// What is in the pages of the request that was answered last to this client.
SocketRequest answered_header(int32_t client);
std::string answered_bytes(int32_t client, size_t count);

// The socket whose descriptor page came with the last answer; its page is held until release().
struct Held {
    uint32_t socket = 0;
    uint64_t ticket = 0;
};
Held last_descriptor();
void release(Held socket);

void die(int32_t client);

// A frame from the card, or several that have come together, and a turn; 10.0.2.`host` tells its
// Ethernet address; frames that went to the card since the last call.
void receive_frame(std::span<const char> frame);
void receive_frames(const std::vector<std::string>& frames);
size_t lent_frames();                       // of them, not copied and given back, since the start
void tell_neighbour(char host);
std::vector<std::string> take_frames();

// What the card is to receive besides its own.
const std::vector<EthernetAddress>& multicast_addresses();

size_t log_lines();                         // printed since the last call
size_t free_heap_slabs();

} // namespace fake_net
