#include "kern/memory/address_space.hh"

#include <algorithm>
#include <array>

#include "kern/cpu/paging.hh"
#include "kern/debug/kernel_stack.hh"
#include "kern/debug/panic.hh"
#include "kern/memory/boot_memory.hh"
#include "kern/memory/mmio.hh"

namespace {

constexpr Pte table_rights = PTE_P | PTE_W | PTE_U;     // the page's own entry restricts
constinit Pte* kernel_directory = nullptr;
constinit uintptr_t next_mmio = MMIOBASE;

Pte* kernel_table_of(uintptr_t va)
{
    return reinterpret_cast<Pte*>(to_pointer(pte_address(kernel_directory[directory_index(va)])));
}

// The kernel's page tables live as long as the kernel.
Pte* kernel_table(BootAllocator& boot, uintptr_t va)
{
    Pte& entry = kernel_directory[directory_index(va)];
    if ((entry & PTE_P) == 0) {
        entry = to_physical(boot.allocate<Pte>(1024)).value | table_rights;
    }
    return kernel_table_of(va);
}

void map_kernel(BootAllocator& boot, uintptr_t va, PhysAddr address, size_t bytes, uint32_t perm)
{
    ASSERT(bytes <= PTSIZE);
    for (size_t offset = 0; offset < bytes; offset += page_size) {
        kernel_table(boot, va + offset)[table_index(va + offset)] =
            static_cast<Pte>(address.value + offset) | perm | PTE_P;
    }
}

}   // namespace

extern "C" {
uint32_t kernel_directory_address = 0;      // also for kern/cpu/ap_entry.S
}

void address_spaces_init(BootAllocator& boot, PhysAddr envs, size_t envs_bytes, PhysAddr clock)
{
    kernel_directory = boot.allocate<Pte>(1024);
    constexpr size_t first_kernel_page = directory_index(KERNBASE);
    for (size_t i = first_kernel_page; i < 1024; ++i) {
        kernel_directory[i] =
            static_cast<Pte>((i - first_kernel_page) * PTSIZE) | PTE_P | PTE_W | PTE_PS;
    }
    map_kernel(boot, UPAGES, frame_references_table(), frame_references_bytes(), PTE_U);
    map_kernel(boot, UENVS, envs, envs_bytes, PTE_U);
    map_kernel(boot, UCLOCK, clock, page_size, PTE_U);
    map_kernel(boot, KSTACKTOP - KSTKSIZE, to_physical(boot.allocate<std::byte>(KSTKSIZE)),
               KSTKSIZE, PTE_W);
    kernel_table(boot, MMIOBASE);
    kernel_directory[directory_index(UVPT)] = to_physical(kernel_directory).value | PTE_P;
    kernel_directory_address = to_physical(kernel_directory).value;
    load_kernel_space();
}

void load_kernel_space()
{
    if (loaded_directory() != kernel_directory_address) {
        load_directory(kernel_directory_address);
    }
}

Result<void> create_kernel_stack(unsigned cpu)
{
    const uintptr_t top = kernel_stack_top(cpu);
    Pte* const table = kernel_table_of(top - 1);
    for (uintptr_t va = top - KSTKSIZE; va < top; va += page_size) {
        table[table_index(va)] = TRY(PageFrame::allocate()).release().value | PTE_P | PTE_W;
    }
    return {};
}

Result<volatile std::byte*> mmio_map(PhysAddr address, size_t size)
{
    const uint32_t offset = address.value % page_size;
    const uint32_t first = address.value - offset;
    const size_t bytes = round_up(size + offset, page_size);
    if (bytes > MMIOLIM - next_mmio || size == 0) {
        return Error::no_memory;
    }
    Pte* const table = kernel_table_of(MMIOBASE);
    const uintptr_t base = next_mmio;
    for (size_t done = 0; done < bytes; done += page_size) {
        table[table_index(base + done)] =
            static_cast<Pte>(first + done) | PTE_P | PTE_W | PTE_PCD | PTE_PWT;
    }
    next_mmio += bytes;
    return reinterpret_cast<volatile std::byte*>(base + offset);
}

Result<AddressSpace> AddressSpace::create(PageAllowance& payer, uint32_t& pages)
{
    AddressSpace space;
    space.directory_ = TRY(PageFrame::allocate_for(payer));
    space.payer_ = &payer;
    space.pages_ = &pages;
    pages = 1;
    std::copy_n(kernel_directory, 1024, space.directory());
    space.directory()[directory_index(UVPT)] = space.directory_.physical().value | PTE_P | PTE_U;
    return space;
}

void AddressSpace::pay_by(PageAllowance& payer)
{
    payer_ = &payer;
    const auto take = [&payer](PhysAddr address) {
        PageFrame frame = PageFrame::adopt(address);
        if (frame.references() == 1) {
            frame.pay_by(&payer);
        }
        frame.release();
    };
    take(directory_.physical());
    for (size_t i = 0; i < directory_index(UTOP); ++i) {
        const Pte table = directory()[i];
        if ((table & PTE_P) == 0) {
            continue;
        }
        take(pte_address(table));
        const auto* const pages =
            reinterpret_cast<std::array<Pte, 1024>*>(to_pointer(pte_address(table)));
        for (const Pte page : *pages) {
            if ((page & PTE_P) != 0) {
                take(pte_address(page));
            }
        }
    }
}

Result<void> AddressSpace::map(uintptr_t va, PageFrame frame, uint32_t perm)
{
    ASSERT(va < UTOP && va % page_size == 0);
    Pte* slot = table_slot(va);
    if (slot == nullptr) {
        PageFrame table = TRY(PageFrame::allocate_for(*payer_));
        ++*pages_;
        directory()[directory_index(va)] = table.release().value | table_rights;
        slot = table_slot(va);
    }
    const Pte old = *slot;
    *slot = frame.release().value | perm | PTE_P;
    if ((old & PTE_P) != 0) {
        PageFrame::adopt(pte_address(old)).reset();
        invalidate_page(directory_.physical().value, va);
    } else {
        ++*pages_;
    }
    return {};
}

void AddressSpace::unmap(uintptr_t va)
{
    Pte* const slot = table_slot(va);
    if (slot != nullptr && (*slot & PTE_P) != 0) {
        PageFrame::adopt(pte_address(std::exchange(*slot, 0))).reset();
        --*pages_;
        invalidate_page(directory_.physical().value, va);
    }
}

uintptr_t AddressSpace::next_mapped(uintptr_t va, uintptr_t end) const
{
    while (va < end) {
        if (table_slot(va) == nullptr) {
            va = round_down(va, PTSIZE) + PTSIZE;
        } else if (entry(va) == 0) {
            va += page_size;
        } else {
            return va;
        }
    }
    return end;
}

bool AddressSpace::maps(uintptr_t va, PhysAddr frame, uint32_t perm) const
{
    constexpr Pte set_by_processor = PTE_A | PTE_D;
    return (entry(va) & ~set_by_processor) == (frame.value | perm | PTE_P);
}

Result<PageFrame> AddressSpace::share(uintptr_t va) const
{
    const Pte found = va < UTOP ? entry(va) : 0;
    if (found == 0) {
        return Error::invalid_argument;
    }
    return PageFrame::share(pte_address(found));
}

void AddressSpace::load() const
{
    const uint32_t address = directory_.physical().value;
    if (loaded_directory() != address || has_stale_pages()) {
        load_directory(address);
    }
}

void AddressSpace::clear()
{
    if (!directory_) {
        return;
    }
    if (loaded_directory() == directory_.physical().value) {
        load_kernel_space();
    }
    leave_directory_elsewhere(directory_.physical().value);
    for (size_t i = 0; i < directory_index(UTOP); ++i) {
        const Pte table = directory()[i];
        if ((table & PTE_P) == 0) {
            continue;
        }
        const PageFrame owned = PageFrame::adopt(pte_address(table));
        for (const Pte page : *owned.as<std::array<Pte, 1024>>()) {
            if ((page & PTE_P) != 0) {
                PageFrame::adopt(pte_address(page)).reset();
            }
        }
    }
    directory_.reset();
    *pages_ = 0;
}
