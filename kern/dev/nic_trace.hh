// What the card's driver prints while it works, for `make E1000_DEBUG=TX,RX,... qemu` and the
// monitor's `nic trace`. tools/e1000_debug.py adds what only the emulator sees.
#pragma once
#include <cstdint>
#include <string_view>

enum class NicTrace : uint32_t {
    none = 0,
    transmit = 1u << 0,                 // TX: each descriptor handed to the card
    transmit_errors = 1u << 1,          // TXERR: ring full, transmitter off
    receive = 1u << 2,                  // RX: each descriptor taken back
    receive_errors = 1u << 3,           // RXERR: frames that were dropped, and why
    interrupts = 1u << 4,               // INTERRUPT: causes of each interrupt
    eeprom = 1u << 5,                   // EEPROM: each word read
    registers = 1u << 6,                // MMIO: each register access
};

// Whether lines of this kind are wanted.
extern uint32_t nic_traced;
inline bool nic_traces(NicTrace kind) { return (nic_traced & static_cast<uint32_t>(kind)) != 0; }

// Replaces what is wanted by a list of names as above, separated by commas; names that only the
// emulator knows, and unknown ones, are skipped.
void nic_trace_only(std::string_view names);
