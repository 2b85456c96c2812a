#include "kern/memory/self_check.hh"

#include <algorithm>
#include <optional>

#include "inc/layout.h"
#include "inc/stdio.hh"
#include "kern/debug/kernel_stack.hh"
#include "kern/debug/panic.hh"
#include "kern/dev/clock.hh"
#include "kern/env/environment.hh"
#include "kern/memory/address_space.hh"
#include "kern/memory/boot_memory.hh"

extern "C" uint32_t kernel_directory_address;           // kern/memory/address_space.cc

namespace {

template <typename T> T must(Result<T> result)
{
    ASSERT(result);
    return std::move(*result);
}
void must(const Result<void>& result) { ASSERT(result); }

PageFrame fresh_frame() { return must(PageFrame::allocate()); }

bool is_zero(const PageFrame& frame)
{
    return std::all_of(frame.data(), frame.data() + page_size,
                       [](std::byte byte) { return byte == std::byte{0}; });
}

// Frames are distinct and cleared, counted, and free again with their last reference.
void check_frames()
{
    const uint32_t free_before = frame_counts().free;
    PageFrame a = fresh_frame();
    const PageFrame b = fresh_frame();
    ASSERT(a && b && a.physical() != b.physical());
    ASSERT(frame_is_managed(a.physical()) && frame_is_managed(b.physical()));
    ASSERT(frame_counts().free == free_before - 2);
    ASSERT(is_zero(a) && is_zero(b));

    PageFrame also_a = must(a.share());
    ASSERT(also_a.physical() == a.physical() && a.references() == 2 && b.references() == 1);
    const PhysAddr address = a.physical();
    std::fill_n(a.data(), page_size, std::byte{0xA5});
    a.reset();
    ASSERT(also_a.references() == 1 && frame_counts().free == free_before - 2);
    also_a.reset();
    ASSERT(frame_counts().free == free_before - 1);

    a = fresh_frame();                  // the one given back last, and cleared again
    ASSERT(a.physical() == address && is_zero(a));
}

// An address space, and the account that pays for it.
struct PaidSpace {
    PageAllowance allowance{};
    uint32_t pages = 0;
    AddressSpace space = must(AddressSpace::create(allowance, pages));
};

bool is_mapped_to(const AddressSpace& space, uintptr_t va, PhysAddr address, uint32_t perm)
{
    constexpr Pte rights = PTE_P | PTE_W | PTE_U;
    const Pte entry = space.entry(va);
    return pte_address(entry) == address && (entry & rights) == (perm | PTE_P);
}

// Pages are mapped, mapped over, shared and unmapped, and references follow.
void check_mappings()
{
    constexpr uintptr_t first = 0, second = PGSIZE, far_away = UTOP - PGSIZE;
    PaidSpace paid;
    AddressSpace& space = paid.space;
    const PageFrame a = fresh_frame();
    const PageFrame b = fresh_frame();
    ASSERT(space.entry(first) == 0 && space.next_mapped(0, UTOP) == UTOP);

    must(space.map(first, must(a.share()), PTE_U | PTE_W));
    must(space.map(second, must(a.share()), PTE_U));
    must(space.map(far_away, must(b.share()), PTE_U | PTE_W));
    ASSERT(is_mapped_to(space, first, a.physical(), PTE_U | PTE_W));
    ASSERT(is_mapped_to(space, second, a.physical(), PTE_U));
    ASSERT(is_mapped_to(space, far_away, b.physical(), PTE_U | PTE_W));
    ASSERT(a.references() == 3 && b.references() == 2);
    ASSERT(space.next_mapped(second + PGSIZE, UTOP) == far_away);

    must(space.map(second, must(space.share(far_away)), PTE_U));
    ASSERT(is_mapped_to(space, second, b.physical(), PTE_U));
    ASSERT(a.references() == 2 && b.references() == 3);
    ASSERT(!space.share(second + PGSIZE));

    space.unmap(first);
    space.unmap(first);                 // nothing is there any more
    ASSERT(space.entry(first) == 0 && a.references() == 1);
    space.clear();
    ASSERT(b.references() == 1 && paid.pages == 0 && paid.allowance.used == 0);
}

struct Translation {
    PhysAddr address{};
    Pte rights = 0;                     // PTE_W and PTE_U, if directory and table give them
};

// Where the kernel's own directory leads, as the CPU walks it (Intel SDM volume 3, 4.3).
std::optional<Translation> translate(uintptr_t va)
{
    const auto* const directory =
        reinterpret_cast<const Pte*>(to_pointer({kernel_directory_address}));
    const Pte upper = directory[directory_index(va)];
    if ((upper & PTE_P) == 0) {
        return std::nullopt;
    }
    if ((upper & PTE_PS) != 0) {
        const auto offset = static_cast<uint32_t>(va % PTSIZE);
        return Translation{{(upper & ~(PTSIZE - 1u)) + offset}, upper & (PTE_W | PTE_U)};
    }
    const Pte lower =
        reinterpret_cast<const Pte*>(to_pointer(pte_address(upper)))[table_index(va)];
    if ((lower & PTE_P) == 0) {
        return std::nullopt;
    }
    return Translation{pte_address(lower), upper & lower & (PTE_W | PTE_U)};
}

// All pages from `va` lead to `address` and those behind it, with these rights.
bool is_window(uintptr_t va, PhysAddr address, size_t bytes, Pte rights)
{
    for (uint32_t offset = 0; offset < bytes; offset += PGSIZE) {
        const auto found = translate(va + offset);
        if (!found || found->address.value != address.value + offset || found->rights != rights) {
            return false;
        }
    }
    return true;
}

bool is_empty(uintptr_t begin, uintptr_t end)
{
    for (uintptr_t va = begin; va < end; va += PGSIZE) {
        if (translate(va)) {
            return false;
        }
    }
    return true;
}

// Windows are for reading alone, memory is the kernel's alone, and below UTOP there is nothing.
void check_kernel_directory()
{
    ASSERT(is_window(UPAGES, frame_references_table(), frame_references_bytes(), PTE_U));
    ASSERT(is_window(UENVS, environments_window(), environments_window_bytes(), PTE_U));
    ASSERT(is_window(UCLOCK, to_physical(clock_page()), PGSIZE, PTE_U));
    for (uintptr_t va = KSTACKTOP - KSTKSIZE; va < KSTACKTOP; va += PGSIZE) {
        const auto stack = translate(va);
        ASSERT(stack && stack->rights == PTE_W && frame_is_managed(stack->address));
    }
    ASSERT(is_empty(KSTACKTOP - kernel_stack_slot, KSTACKTOP - KSTKSIZE));
    for (uint32_t offset = 0; frame_is_managed({offset}); offset += PTSIZE) {
        const auto memory = translate(KERNBASE + offset);
        ASSERT(memory && memory->address.value == offset && memory->rights == PTE_W);
    }
    for (uintptr_t va = 0; va < UTOP; va += PTSIZE) {
        ASSERT(!translate(va));
    }
}

// The CPU sees what is mapped, and sees at once what is mapped over it.
void check_loaded_directory()
{
    constexpr uintptr_t va = UTEMP;
    volatile auto* const seen = reinterpret_cast<volatile uint32_t*>(va);
    PaidSpace paid;
    AddressSpace& space = paid.space;
    const PageFrame a = fresh_frame();
    const PageFrame b = fresh_frame();
    *a.as<uint32_t>() = 0x01010101;
    *b.as<uint32_t>() = 0x02020202;

    must(space.map(va, must(a.share()), PTE_W));
    space.load();
    ASSERT(*seen == 0x01010101);
    must(space.map(va, must(b.share()), PTE_W));
    ASSERT(*seen == 0x02020202);
    *seen = 0x03030303;
    ASSERT(*b.as<uint32_t>() == 0x03030303 && *a.as<uint32_t>() == 0x01010101);
    load_kernel_space();
}

} // namespace

void check_memory()
{
    const uint32_t free_before = frame_counts().free;
    check_frames();
    cprintf("check_page_alloc() succeeded!\n");
    check_mappings();
    cprintf("check_page() succeeded!\n");
    check_kernel_directory();
    cprintf("check_kern_pgdir() succeeded!\n");
    check_loaded_directory();
    cprintf("check_page_installed_pgdir() succeeded!\n");
    ASSERT(frame_counts().free == free_before);
}
