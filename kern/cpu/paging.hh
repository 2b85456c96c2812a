// Which page directory this CPU translates with, and what it may have cached of it.
#pragma once
#include <cstdint>

uint32_t loaded_directory();                    // its physical address
void load_directory(uint32_t physical_address); // forgets all cached translations
bool has_stale_pages();                         // another CPU has changed what is loaded

// Has all CPUs that translate with `directory` forget the page at `va`. Returns when none of them
// reaches the page any more.
void invalidate_page(uint32_t directory, uintptr_t va);

// Returns when no other CPU translates with `directory`, whose environment has ended: one without
// work may have it loaded still (kern/cpu/smp.hh).
void leave_directory_elsewhere(uint32_t directory);
