#include "kern/memory/user_memory.hh"

#include <algorithm>

#include "inc/string.hh"
#include "kern/debug/counters.hh"
#include "kern/debug/panic.hh"
#include "kern/env/environment.hh"

namespace {

std::byte* user_pointer(uintptr_t address) { return reinterpret_cast<std::byte*>(address); }

}   // namespace

// Inlined: it is a part of every copy.
inline Result<void> UserBytes::check(bool to_write) const
{
    if (size_ == 0) {
        return {};
    }
    for (uintptr_t va = address_; va < UTOP; va = round_down(va, page_size) + page_size) {
        const Pte entry = environment_.space.entry(va);
        const bool allowed = (entry & PTE_U) != 0 && (!to_write || (entry & PTE_W) != 0);
        if (!allowed) {
            environment_.bad_user_va = va;
            environment_.cow_fault_va = to_write && (entry & PTE_COW) != 0 ? va : 0;
            return Error::fault;
        }
        const uintptr_t page_end = round_down(va, page_size) + page_size;
        if (size_ <= page_end - address_) {
            return {};
        }
    }
    environment_.bad_user_va = address_ < UTOP ? UTOP : address_;
    return Error::fault;
}

Result<void> UserBytes::check_readable() const { return check(false); }
Result<void> UserBytes::check_writable() const { return check(true); }

volatile void* UserBytes::checked() const { return user_pointer(address_); }

Result<void> UserBytes::copy_to(std::span<std::byte> kernel) const
{
    ASSERT(kernel.size() == size_);
    TRY(check(false));
    count(Counter::bytes_copied, size_);
    memcpy(kernel.data(), user_pointer(address_), size_);
    return {};
}

Result<void> UserBytes::copy_from(std::span<const std::byte> kernel) const
{
    ASSERT(kernel.size() == size_);
    TRY(check(true));
    count(Counter::bytes_copied, size_);
    memcpy(user_pointer(address_), kernel.data(), size_);
    return {};
}

Result<size_t> UserBytes::share(std::span<PagePiece> pieces) const
{
    TRY(check(false));
    size_t count = 0;
    for (size_t done = 0; done < size_;) {
        ASSERT(count < pieces.size());
        const uintptr_t va = address_ + done;
        const uint32_t offset = va % page_size;
        PagePiece& piece = pieces[count++];
        piece.page = TRY(environment_.space.share(va - offset));
        piece.offset = offset;
        piece.size = std::min<uint32_t>(page_size - offset, size_ - done);
        done += piece.size;
    }
    return count;
}
