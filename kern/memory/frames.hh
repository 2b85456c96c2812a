// Physical memory: page frames, their reference counts, and the owning type for one reference.
#pragma once
#include <cstddef>
#include <cstdint>
#include <utility>

#include "inc/boot_info.hh"
#include "inc/layout.h"
#include "inc/result.hh"
#include "inc/types.hh"

// A physical address; arithmetic is explicit, mixing it up with a pointer does not compile.
struct PhysAddr {
    uint32_t value = 0;
    constexpr bool operator==(const PhysAddr&) const = default;
};

// The kernel's pointer to physical memory, and back. Only for memory below frame_limit().
#ifdef JOS_HOST
std::byte* to_pointer(PhysAddr address);        // each unit test has its own memory
#else
inline std::byte* to_pointer(PhysAddr address)
{
    return reinterpret_cast<std::byte*>(address.value + KERNBASE);
}
#endif
PhysAddr to_physical(const volatile void* pointer);

// How many frames somebody may allocate. A frame is paid by whom it was allocated for, until it is
// free again, whoever else has a reference to it.
struct PageAllowance {
    uint32_t used = 0;
    uint32_t limit = UINT32_MAX;
    uint32_t reserve = 0;               // frames that must stay free, for others

    bool allows(uint32_t frames) const;
};

// One reference to one 4 KiB frame. Moving it moves the reference; destroying it drops it, and
// the last one out frees the frame. An empty PageFrame owns nothing.
class PageFrame {
public:
    enum class Fill { zero, none };

    constexpr PageFrame() = default;
    PageFrame(PageFrame&& other) noexcept : number_(std::exchange(other.number_, 0)) {}
    PageFrame& operator=(PageFrame&& other) noexcept
    {
        std::swap(number_, other.number_);
        return *this;
    }
    ~PageFrame() { reset(); }

    static Result<PageFrame> allocate(Fill fill = Fill::zero);      // the kernel's own; no_memory
    // A zeroed one; no_memory: there is none, or `payer` may not have one more.
    static Result<PageFrame> allocate_for(PageAllowance& payer);
    // One more reference to a frame in use; no_memory when its count is at its limit.
    static Result<PageFrame> share(PhysAddr address);
    static PageFrame adopt(PhysAddr address);       // takes over a reference that release() left

    Result<PageFrame> share() const { return share(physical()); }
    PhysAddr release();                             // gives the reference up without dropping it
    void reset();

    explicit operator bool() const { return number_ != 0; }
    PhysAddr physical() const { return {number_ << page_shift}; }
    std::byte* data() const { return to_pointer(physical()); }
    template <typename T> T* as() const { return reinterpret_cast<T*>(data()); }
    uint16_t references() const;
    void pay_by(PageAllowance* payer) const;        // from now on

private:
    explicit PageFrame(uint32_t number) : number_(number) {}
    uint32_t number_ = 0;                           // frame 0 is never handed out
};

// Bytes within one page frame, and the reference that keeps them.
struct PagePiece {
    PageFrame page;
    uint32_t offset = 0;
    uint32_t size = 0;

    uint32_t physical() const { return page.physical().value + offset; }
};

struct FrameCounts {
    uint32_t total = 0, free = 0;       // of the frames that can be allocated
    uint32_t kernel = 0;                // the kernel's image and boot tables, not in `total`
};
FrameCounts frame_counts();

// Whether a frame of this address is one that the allocator manages.
bool frame_is_managed(PhysAddr address);
