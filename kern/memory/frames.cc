#include "kern/memory/frames.hh"

#include <algorithm>

#include "kern/debug/panic.hh"
#include "kern/memory/boot_memory.hh"

namespace {

// Free frames are a list through next_free; all arrays are indexed by frame number. Frames that
// are not memory, or the kernel's own, have a reference from the start and never come free.
struct Allocator {
    uint16_t* references = nullptr;     // what programs see at UPAGES
    uint16_t* next_free = nullptr;
    PageAllowance** payers = nullptr;
    uint32_t limit = 0;                 // frames below this number are managed
    uint16_t first_free = 0;            // 0: none
    FrameCounts counts{};
};
constinit Allocator allocator{};

void add_free(uint32_t number)
{
    allocator.next_free[number] = allocator.first_free;
    allocator.first_free = static_cast<uint16_t>(number);
    ++allocator.counts.free;
}

void charge(uint32_t number, PageAllowance* payer)
{
    PageAllowance* const old = std::exchange(allocator.payers[number], payer);
    if (old != nullptr) {
        --old->used;
    }
    if (payer != nullptr) {
        ++payer->used;
    }
}

void drop_reference(uint32_t number)
{
    ASSERT(number < allocator.limit && allocator.references[number] > 0);
    if (--allocator.references[number] == 0) {
        charge(number, nullptr);
        add_free(number);
    }
}

}   // namespace

void frames_allocate(const MemoryMap& map, BootAllocator& boot)
{
    allocator.limit = map.end.value >> page_shift;
    allocator.references = boot.allocate<uint16_t>(allocator.limit);
    allocator.next_free = boot.allocate<uint16_t>(allocator.limit);
    allocator.payers = boot.allocate<PageAllowance*>(allocator.limit);
    std::fill_n(allocator.references, allocator.limit, uint16_t{1});
}

void frames_init(const MemoryMap& map, const BootAllocator& boot)
{
    // From the top down, so that the lowest frames are handed out first.
    const auto boot_end = static_cast<uint32_t>(pages_for(boot.end().value));
    for (uint32_t number = allocator.limit; number-- > 1;) {
        const bool low = number < (EXTPHYSMEM >> page_shift);
        if (map.is_usable(number) && !low && number >= boot_end) {
            allocator.references[number] = 0;
            add_free(number);
        }
    }
    allocator.counts.total = allocator.counts.free;
    allocator.counts.kernel = boot_end - (EXTPHYSMEM >> page_shift);
}

PhysAddr frame_references_table() { return to_physical(allocator.references); }
size_t frame_references_bytes() { return allocator.limit * sizeof(uint16_t); }

bool PageAllowance::allows(uint32_t frames) const
{
    return used <= limit && frames <= limit - used
        && uint64_t{reserve} + frames <= allocator.counts.free;
}

Result<PageFrame> PageFrame::allocate_for(PageAllowance& payer)
{
    if (!payer.allows(1)) {
        return Error::no_memory;
    }
    PageFrame frame = TRY(allocate());
    charge(frame.number_, &payer);
    return frame;
}

Result<PageFrame> PageFrame::allocate(Fill fill)
{
    const uint32_t number = allocator.first_free;
    if (number == 0) {
        return Error::no_memory;
    }
    allocator.first_free = allocator.next_free[number];
    --allocator.counts.free;
    allocator.references[number] = 1;
    PageFrame frame(number);
    if (fill == Fill::zero) {
        std::fill_n(frame.data(), page_size, std::byte{0});
    }
    return frame;
}

Result<PageFrame> PageFrame::share(PhysAddr address)
{
    const uint32_t number = address.value >> page_shift;
    ASSERT(number < allocator.limit && allocator.references[number] > 0);
    if (allocator.references[number] == UINT16_MAX) {
        return Error::no_memory;        // a program has mapped one page 65,535 times
    }
    ++allocator.references[number];
    return PageFrame(number);
}

PageFrame PageFrame::adopt(PhysAddr address) { return PageFrame(address.value >> page_shift); }

PhysAddr PageFrame::release()
{
    return {std::exchange(number_, 0) << page_shift};
}

void PageFrame::reset()
{
    if (number_ != 0) {
        drop_reference(std::exchange(number_, 0));
    }
}

void PageFrame::pay_by(PageAllowance* payer) const { charge(number_, payer); }

uint16_t PageFrame::references() const { return allocator.references[number_]; }

FrameCounts frame_counts() { return allocator.counts; }

bool frame_is_managed(PhysAddr address)
{
    return (address.value >> page_shift) < allocator.limit;
}
