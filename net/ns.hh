// The network server's environments, and where each has its pages.
#pragma once
#include "inc/env.hh"
#include "inc/ns.hh"

// Take packets from the card to the core server, and from it to the card; send NSREQ_TIMER to it,
// first after `initial_to` ms, then as it answers. They return when there is nothing left to do:
// no card, or no core server any more. Not inlined, so that a backtrace tells who it is.
[[gnu::noinline]] void input(envid_t ns_envid);
[[gnu::noinline]] void output(envid_t ns_envid);
[[gnu::noinline]] void timer(envid_t ns_envid, uint32_t initial_to);

inline constexpr uint32_t timer_ms = 250;                   // lwIP's TCP counts in this

// Packet pages that input fills and output empties, each in its own address space.
inline constexpr uintptr_t packet_window = 0x10000000;

// The core server's address space. No two start at the same page number modulo 64, for what is
// copied between them (docs/performance.md, "Addresses").
inline constexpr uintptr_t heap_region = 0x30000000;
inline constexpr uintptr_t output_runs = 0x20020000;        // packet pages for output
inline constexpr uintptr_t descriptor_pages = 0x40010000;   // socket n's page
inline constexpr uintptr_t request_windows = 0x50030000;    // request n's pages, 1.5 MiB apart
