// The blocks of one file system, wherever they are: the file server's cache over a disk, or an
// image in a host tool's memory. What interprets the format works on this alone.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "fs/layout.hh"
#include "inc/result.hh"

namespace fs {

class BlockStore;

// A block in memory, which stays there while this exists.
class [[nodiscard]] Block {
public:
    constexpr Block() = default;
    Block(Block&& other) noexcept { swap(other); }
    Block& operator=(Block&& other) noexcept
    {
        swap(other);
        return *this;
    }
    inline ~Block();

    uint32_t number() const { return number_; }
    std::span<const std::byte, block_size> bytes() const
    {
        return std::span<const std::byte, block_size>(data_, block_size);
    }
    // For changing. The changes of all blocks reach the disk together, or none does, when the
    // store is flushed.
    inline std::span<std::byte, block_size> change();
    // For changing contents of a file alone: they may reach the disk before.
    inline std::span<std::byte, block_size> change_contents();

    // Item `index` of a block that is an array of T.
    template <typename T> const T& item(size_t index) const
    {
        return reinterpret_cast<const T*>(data_)[index];
    }
    template <typename T> T& change_item(size_t index)
    {
        return reinterpret_cast<T*>(change().data())[index];
    }

private:
    friend class BlockStore;
    Block(BlockStore& store, uint32_t number, std::byte* data)
        : store_(&store), number_(number), data_(data)
    {
    }
    void swap(Block& other)
    {
        std::swap(store_, other.store_);
        std::swap(number_, other.number_);
        std::swap(data_, other.data_);
    }

    BlockStore* store_ = nullptr;
    uint32_t number_ = 0;
    std::byte* data_ = nullptr;
};

class BlockStore {
public:
    virtual uint32_t block_count() const = 0;

    // Block `number`, read if it is not in memory; corrupt if there is no such block, io, or
    // no_memory.
    Result<Block> read(uint32_t number)
    {
        return Block(*this, number, TRY(pin(number, Contents::from_disk)));
    }
    // Block `number` without its old contents: all zeros, to be written. `fresh`: nothing on the
    // disk refers to it yet, so that it may be written at any time.
    Result<Block> blank(uint32_t number)
    {
        return Block(*this, number, TRY(pin(number, Contents::zeros)));
    }
    Result<Block> fresh(uint32_t number)
    {
        return Block(*this, number, TRY(pin(number, Contents::fresh)));
    }

    // A hint: these blocks are wanted soon.
    virtual void prefetch(uint32_t /*first*/, uint32_t /*count*/) {}
    // Nothing refers to the block any more. On the disk something may until the next flush, so it
    // may not be used again before: may_reuse.
    virtual void discard(uint32_t /*number*/) {}
    virtual bool may_reuse(uint32_t /*number*/) const { return true; }
    virtual uint32_t waiting_blocks() const { return 0; }       // that may not be used again yet
    // Writes what was changed; the disk has it when this returns.
    virtual Result<void> flush() = 0;
    // Whether so much waits for a flush that there should be one before the next change.
    virtual bool should_flush() const { return false; }

protected:
    enum class Contents { from_disk, zeros, fresh };
    enum class Change { together, contents };

    ~BlockStore() = default;            // never destroyed through this

private:
    friend class Block;
    virtual Result<std::byte*> pin(uint32_t number, Contents contents) = 0;
    virtual void unpin(uint32_t number) = 0;
    virtual void mark_changed(uint32_t number, Change change) = 0;
};

inline Block::~Block()
{
    if (store_ != nullptr) {
        store_->unpin(number_);
    }
}

inline std::span<std::byte, block_size> Block::change()
{
    store_->mark_changed(number_, BlockStore::Change::together);
    return std::span<std::byte, block_size>(data_, block_size);
}

inline std::span<std::byte, block_size> Block::change_contents()
{
    store_->mark_changed(number_, BlockStore::Change::contents);
    return std::span<std::byte, block_size>(data_, block_size);
}

}  // namespace fs
