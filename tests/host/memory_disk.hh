// A disk in memory for tests of the block cache: it counts its commands and fails on request.
#pragma once
#include <algorithm>
#include <set>
#include <vector>

#include "fs/block_cache.hh"
#include "fs/disk.hh"

class MemoryDisk final : public fs::Disk {
public:
    explicit MemoryDisk(uint32_t blocks) : blocks_(blocks), contents_(size_t{blocks} * fs::block_size)
    {
    }
    uint32_t block_count() const override { return blocks_; }
    std::byte* data(uint32_t block) { return contents_.data() + size_t{block} * fs::block_size; }

    Result<void> read(uint32_t first, uint32_t count, std::byte* to) override
    {
        reads++;
        if (fail_reads || uint64_t{first} + count > blocks_) {
            return Error::io;
        }
        std::copy_n(data(first), size_t{count} * fs::block_size, to);
        return {};
    }
    Result<void> write(uint32_t first, uint32_t count, const std::byte* from) override
    {
        writes++;
        if (fail_writes || uint64_t{first} + count > blocks_) {
            return Error::io;
        }
        std::copy_n(from, size_t{count} * fs::block_size, data(first));
        return {};
    }
    Result<void> flush() override
    {
        flushes++;
        return {};
    }

    unsigned reads = 0, writes = 0, flushes = 0;
    bool fail_reads = false, fail_writes = false;

private:
    uint32_t blocks_;
    std::vector<std::byte> contents_;
};

// The cache's memory: an array with a place for each block, of which only those that were obtained
// may be touched (the others are poisoned with 0xEE).
class ArrayMemory final : public fs::CacheMemory {
public:
    explicit ArrayMemory(uint32_t blocks)
        : present_(blocks), bytes_(size_t{blocks} * fs::block_size, std::byte{0xEE})
    {
    }
    std::byte* address(uint32_t block) const override
    {
        return const_cast<std::byte*>(bytes_.data()) + size_t{block} * fs::block_size;
    }
    Result<void> obtain(uint32_t first, uint32_t count) override
    {
        if (in_use_ + count > limit) {
            return Error::no_memory;
        }
        for (uint32_t block = first; block < first + count; block++) {
            misuse += present_[block] ? 1 : 0;
            present_[block] = true;
            std::fill_n(address(block), fs::block_size, std::byte{0});
        }
        in_use_ += count;
        return {};
    }
    void release(uint32_t first, uint32_t count) override
    {
        for (uint32_t block = first; block < first + count; block++) {
            misuse += present_[block] ? 0 : 1;
            present_[block] = false;
            std::fill_n(address(block), fs::block_size, std::byte{0xEE});
        }
        in_use_ -= count;
    }
    bool is_shared(uint32_t block) const override { return shared.contains(block); }
    uint32_t in_use() const { return in_use_; }

    std::set<uint32_t> shared;
    uint32_t limit = ~0u;               // blocks that there is memory for
    unsigned misuse = 0;                // obtained twice, or released when not there

private:
    uint32_t in_use_ = 0;
    std::vector<bool> present_;
    std::vector<std::byte> bytes_;
};

// A cache of `capacity` blocks over a disk of `blocks`.
struct CacheFixture {
    CacheFixture(uint32_t blocks, uint32_t capacity)
        : disk(blocks), memory(blocks), slots(capacity), buckets(capacity), scratch(capacity)
    {
        cache.open(disk, memory, slots, buckets, scratch);
    }
    MemoryDisk disk;
    ArrayMemory memory;
    std::vector<fs::BlockCache::Slot> slots;
    std::vector<uint32_t> buckets, scratch;
    fs::BlockCache cache;
};
