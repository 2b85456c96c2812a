// What kind of test a client wants. No system calls.
#pragma once
#include <expected>
#include <string_view>

#include "user/iperf3/protocol.hh"

namespace iperf {

// Why a test ends before its time: what the client is told, and what we say ourselves.
struct Refusal {
    Complaint complaint = Complaint::not_implemented;
    const char* text = "";
};

struct Parameters {
    bool udp = false;
    bool from_client = true, to_client = false;         // who sends
    uint32_t streams = 1;               // in each direction
    uint32_t block_bytes = 128 * 1024;  // that are sent at once: of a datagram its size
    uint64_t bits_per_second = 0;       // of each stream; 0: as fast as it goes
    uint32_t burst_blocks = 1;          // blocks that are sent without a pause
    uint32_t window_bytes = 0;          // size of sockets' buffers; 0: as they are
    uint32_t duration_s = 0;            // 0: the client decides otherwise when it is over
    uint32_t omit_s = 0;                // at the beginning, not counted
    bool no_delay = false;
    bool wide_counters = false;         // datagrams are numbered with 64 bits
    bool wants_output = false;          // the client wants our report, too

    uint32_t all_streams() const { return from_client && to_client ? 2 * streams : streams; }
};

// Reads the JSON text that a client sends.
std::expected<Parameters, Refusal> read_parameters(std::string_view text);

} // namespace iperf
