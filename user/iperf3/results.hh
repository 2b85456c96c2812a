// What was measured: of ours as JSON for the client, of the client's from its JSON, and both as the
// report that people read. No system calls.
#pragma once
#include <optional>
#include <span>

#include "lib/json.hh"
#include "lib/text_buffer.hh"

namespace iperf {

// What one end has seen of a stream: bytes and time without what was omitted at the beginning,
// datagrams with it.
struct StreamResult {
    uint32_t id = 0;
    bool to_client = false;             // the server sends
    uint64_t elapsed_us = 0;
    uint64_t bytes = 0;
    uint64_t datagrams = 0, lost = 0, out_of_order = 0, jitter_us = 0;      // UDP
};

struct TestResult {
    bool udp = false;
    bool to_client = false;             // some stream is
    uint64_t cpu_us = 0, elapsed_us = 0;
    std::span<const StreamResult> streams{};
};

// Our results as the client wants them; `output`, if not empty, is the report, for it to show.
void write_results(TextBuffer& to, const TestResult& ours, std::string_view output);

// What the client says of the same stream as `ours`; nothing if it says nothing, or nonsense.
std::optional<StreamResult> client_result(const json::Value& results, const StreamResult& ours);

// The report: a line for each end of each stream, and sums. `client`: its results.
void write_report(TextBuffer& to, const TestResult& ours, const json::Value& client);

// "640 KBytes" or "1.25 GBytes"; "5.24 Mbits/sec".
void put_bytes(TextBuffer& to, uint64_t bytes);
void put_rate(TextBuffer& to, uint64_t bytes, uint64_t elapsed_us);

} // namespace iperf
