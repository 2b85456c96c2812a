// The blocks of a disk that are in memory: at most so many at a time, read when they are wanted,
// written back when they must go or when somebody asks for it. Block n is always at the same
// address, so that blocks that follow each other on the disk do so in memory: they are read and
// written in one command, and sent to programs as one run of pages.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "fs/block_store.hh"
#include "fs/disk.hh"
#include "fs/journal.hh"
#include "inc/result.hh"

namespace fs {

// Where a cache keeps its blocks.
class CacheMemory {
public:
    virtual std::byte* address(uint32_t block) const = 0;
    // Puts zeroed memory at each of the blocks' addresses: all, or none and no_memory.
    virtual Result<void> obtain(uint32_t first, uint32_t count) = 0;
    virtual void release(uint32_t first, uint32_t count) = 0;
    // Whether somebody else sees the block's memory too.
    virtual bool is_shared(uint32_t block) const = 0;

protected:
    ~CacheMemory() = default;
};

class BlockCache final : public BlockStore {
public:
    struct Slot {
        uint32_t block = 0;             // 0: the slot is free
        uint32_t next = 0;              // in the bucket's list, or the list of free slots
        uint16_t pins = 0;              // Blocks that exist: it must stay
        bool used = false;              // since the hand last came by
        bool changed = false;           // and not written back
        bool together = false;          // changed, and not to be written before the journal has it
        bool fresh = false;             // since the last flush: nothing on the disk refers to it
    };
    static constexpr uint32_t min_slots = 64;
    static constexpr uint32_t max_run = 256;        // blocks that one disk command moves

    constexpr BlockCache() = default;

    // `slots` sets how many blocks there can be, at least min_slots; `buckets` and `scratch` are
    // as many words. All must outlive the cache.
    void open(Disk& disk, CacheMemory& memory, std::span<Slot> slots, std::span<uint32_t> buckets,
              std::span<uint32_t> scratch);

    // From now on changes reach the disk through the journal of the file system's `block_count`
    // blocks. `buffer` has room for its blocks, `waiting` a zeroed bit for each of the others.
    void use_journal(uint32_t block_count, std::span<std::byte> buffer,
                     std::span<uint32_t> waiting);

    uint32_t block_count() const override { return disk_ != nullptr ? disk_->block_count() : 0; }
    void prefetch(uint32_t first, uint32_t count) override;
    void discard(uint32_t number) override;
    bool may_reuse(uint32_t number) const override;
    uint32_t waiting_blocks() const override { return waiting_count_; }
    Result<void> flush() override;
    bool should_flush() const override { return together_ > journal_.capacity() / 2; }

    // Brings `count` blocks, at most max_run and a quarter of the cache, into memory, all at once
    // until the next call. They are at memory's address(first).
    Result<void> load(uint32_t first, uint32_t count);

    // Writes the block back if need be, and forgets it; not if it is in use, or its change must
    // wait for a flush (false).
    bool drop(uint32_t number);

    bool is_resident(uint32_t number) const { return find(number) != none; }
    uint32_t capacity() const { return static_cast<uint32_t>(slots_.size()); }
    uint32_t resident_blocks() const { return resident_; }
    uint32_t changed_blocks() const { return changed_; }

private:
    static constexpr uint32_t none = ~0u;
    struct Range {
        uint32_t first = 0, end = 0;
        bool contains(uint32_t block) const { return block >= first && block < end; }
    };

    Result<std::byte*> pin(uint32_t number, Contents contents) override;
    void unpin(uint32_t number) override;
    void mark_changed(uint32_t number, Change change) override;

    uint32_t find(uint32_t number) const;
    uint32_t& bucket_of(uint32_t number) const { return buckets_[number % buckets_.size()]; }
    void insert(uint32_t number);
    void erase(uint32_t slot);

    Result<void> check_range(uint32_t first, uint32_t count) const;
    Result<void> load_missing(uint32_t first, uint32_t count, Range keep);
    Result<void> obtain(uint32_t first, uint32_t count, Range keep);
    Result<void> make_room(uint32_t count, Range keep);
    Result<void> evict_one(Range keep);
    Result<void> write_back(uint32_t slot);
    Result<void> write_run(uint32_t first, uint32_t count);
    void set_changed(Slot& slot, bool changed);
    void set_together(Slot& slot, bool together);
    bool may_be_written(const Slot& slot) const { return slot.changed && !slot.together; }
    std::span<uint32_t> changed_slots(bool together);
    Result<void> write_all(std::span<const uint32_t> blocks);
    Result<void> write_together(std::span<const uint32_t> blocks);
    void all_is_written();

    Disk* disk_ = nullptr;
    CacheMemory* memory_ = nullptr;
    std::span<Slot> slots_{};
    std::span<uint32_t> buckets_{};     // the first slot of each list, `none` if empty
    std::span<uint32_t> scratch_{};
    uint32_t free_ = none;              // the first free slot
    uint32_t hand_ = 0;                 // where the search for a block to evict goes on
    uint32_t resident_ = 0;
    uint32_t changed_ = 0;
    uint32_t together_ = 0;             // of these, how many wait for the journal
    bool unflushed_ = false;            // the disk may keep in its memory what we wrote
    Journal journal_{};
    std::span<uint32_t> waiting_{};     // a bit for each block that was discarded since the flush
    uint32_t waiting_count_ = 0;
};

}  // namespace fs
