// The system's state as JSON, for the page /status. No system calls: tested on the host.
#pragma once
#include "inc/env.hh"
#include "inc/syscall.hh"
#include "lib/text_buffer.hh"
#include "net/protocol.hh"

namespace http {

// What one environment needs at most.
inline constexpr size_t largest_status_entry = 448;

// What is told beside the environments; null: without a network server, or a card.
struct SystemState {
    uint64_t time_us = 0;
    MemoryInfo memory{};
    const NetworkStatus* network = nullptr;
    const InterfaceInfo* interface = nullptr;
};

// All but the environments. Needs up to 3 KiB.
void write_status_head(TextBuffer& json, const SystemState& state);
void write_status_entry(TextBuffer& json, const Env& entry, bool is_first);
void write_status_end(TextBuffer& json);

} // namespace http
