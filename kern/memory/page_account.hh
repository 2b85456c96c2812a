// Who pays for an address space's pages: each one mapped counts, its page tables too.
#pragma once
#include <cstdint>

// What several address spaces may have together.
struct PageAllowance {
    uint32_t used = 0;
    uint32_t limit = UINT32_MAX;
    uint32_t reserve = 0;               // frames that must stay free, for others

    bool allows(uint32_t pages) const;
};

struct PageAccount {
    PageAllowance* allowance = nullptr;
    uint32_t* pages = nullptr;          // of this address space

    bool allows(uint32_t count) const { return allowance->allows(count); }
    void take(uint32_t count) const
    {
        *pages += count;
        allowance->used += count;
    }
    void give_back(uint32_t count) const
    {
        *pages -= count;
        allowance->used -= count;
    }
};
