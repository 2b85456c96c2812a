// Which page directory this CPU translates with, and what it may have cached of it.
#pragma once
#include <cstdint>

uint32_t loaded_directory();                    // its physical address
void load_directory(uint32_t physical_address); // forgets all cached translations
void invalidate_page(uintptr_t va);             // forgets the translation of one page
