// The system's state as JSON, for the page /status. No system calls: tested on the host.
#pragma once
#include "inc/env.hh"
#include "inc/syscall.hh"
#include "net/protocol.hh"
#include "user/httpd/text_buffer.hh"

namespace http {

// What one environment needs at most.
inline constexpr size_t largest_status_entry = 384;

// All but the environments: `network` is null without a network server. Needs up to 3 KiB.
void write_status_head(TextBuffer& json, uint64_t time_us, const MemoryInfo& memory,
                       const NetworkStatus* network);
void write_status_entry(TextBuffer& json, const Env& entry, bool is_first);
void write_status_end(TextBuffer& json);

} // namespace http
