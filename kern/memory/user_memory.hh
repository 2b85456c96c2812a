// User memory: a range in a program's address space, and checked copies as the only way in or
// out. The whole range is checked before the first byte moves. The environment is the current
// one: its address space is loaded.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "inc/result.hh"
#include "kern/memory/frames.hh"

class Environment;

class UserBytes {
public:
    UserBytes(Environment& environment, uintptr_t address, size_t size)
        : environment_(environment), address_(address), size_(size)
    {
    }
    size_t size() const { return size_; }

    // Copies the range into / out of kernel memory of the same size. fault: a part of it is not
    // mapped, not the user's, or (copy_from) not writable. A copy-on-write page that is to be
    // written runs the program's page-fault upcall and the system call again afterwards.
    Result<void> copy_to(std::span<std::byte> kernel) const;
    Result<void> copy_from(std::span<const std::byte> kernel) const;

    // Makes the range, page by page, the first of `pieces`, which must be enough, so that it can be
    // read without the program; returns how many. fault; no_memory: a page has too many references.
    Result<size_t> share(std::span<PagePiece> pieces) const;

    Result<void> check_readable() const;
    Result<void> check_writable() const;

    // The range itself, which a check has found to be the user's. Other CPUs may write to it.
    volatile void* checked() const;

private:
    inline Result<void> check(bool to_write) const;

    Environment& environment_;
    uintptr_t address_;
    size_t size_;
};

// One object in user memory.
template <typename T> class UserObject {
    static_assert(std::is_trivially_copyable_v<T>);

public:
    UserObject(Environment& environment, uintptr_t address)
        : bytes_(environment, address, sizeof(T))
    {
    }
    Result<T> read() const
    {
        T value{};
        TRY(bytes_.copy_to(std::as_writable_bytes(std::span(&value, 1))));
        return value;
    }
    Result<void> write(const T& value) const
    {
        return bytes_.copy_from(std::as_bytes(std::span(&value, 1)));
    }

private:
    UserBytes bytes_;
};
