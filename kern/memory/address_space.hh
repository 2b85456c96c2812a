// Address spaces: page directories and what they map. The kernel's part, everything from UTOP
// up, is the same in all of them; below it are the program's pages.
#pragma once
#include <optional>

#include "inc/mmu.h"
#include "kern/memory/frames.hh"

using Pte = uint32_t;

constexpr size_t directory_index(uintptr_t va) { return va >> 22; }
constexpr size_t table_index(uintptr_t va) { return (va >> page_shift) & 0x3FF; }
constexpr PhysAddr pte_address(Pte entry) { return {entry & ~0xFFFu}; }

class AddressSpace {
public:
    constexpr AddressSpace() = default;             // empty: nothing to load
    AddressSpace(AddressSpace&&) noexcept = default;
    AddressSpace& operator=(AddressSpace&&) noexcept = default;
    ~AddressSpace() { clear(); }

    // An address space with the kernel's part alone; no_memory. `payer` pays for its page tables;
    // `pages` counts them and what is mapped.
    static Result<AddressSpace> create(PageAllowance& payer, uint32_t& pages);
    void pay_by(PageAllowance& payer);              // from now on, and for what it alone has

    // Maps `frame` at the page `va` with `perm` (PTE_*; present is added), in place of what was
    // there. no_memory: no page table; then nothing has changed.
    Result<void> map(uintptr_t va, PageFrame frame, uint32_t perm);
    void unmap(uintptr_t va);                       // of nothing is nothing

    // The entry of the page at `va`, 0 if it is not mapped.
    Pte entry(uintptr_t va) const
    {
        const Pte* const slot = table_slot(va);
        return slot != nullptr && (*slot & PTE_P) != 0 ? *slot : 0;
    }
    // Whether this frame is what is mapped at `va`, with exactly these rights.
    bool maps(uintptr_t va, PhysAddr frame, uint32_t perm) const;
    // The first mapped page from `va` to before `end`; `end` if there is none.
    uintptr_t next_mapped(uintptr_t va, uintptr_t end) const;
    // One more reference to the user page at `va`; invalid_argument if none is mapped there.
    Result<PageFrame> share(uintptr_t va) const;

    void load() const;                              // makes it the CPU's, if it is not already
    void clear();                                   // drops all user pages and the directory

private:
    // Null where there is no page table.
    Pte* table_slot(uintptr_t va) const
    {
        const Pte table = directory()[directory_index(va)];
        return (table & PTE_P) == 0
            ? nullptr
            : reinterpret_cast<Pte*>(to_pointer(pte_address(table))) + table_index(va);
    }
    Pte* directory() const { return directory_.as<Pte>(); }

    PageFrame directory_;
    PageAllowance* payer_ = nullptr;
    uint32_t* pages_ = nullptr;
};

// Sets up the kernel's part: windows at UPAGES, UENVS and UCLOCK, the boot CPU's stack, and empty
// page tables for device mappings; then leaves the entry directory.
class BootAllocator;
void address_spaces_init(BootAllocator& boot, PhysAddr envs, size_t envs_bytes, PhysAddr clock);

// Maps a kernel stack for another CPU, for good; no_memory.
Result<void> create_kernel_stack(unsigned cpu);

// Makes the kernel's own directory the CPU's: for when no environment's may stay loaded.
void load_kernel_space();
