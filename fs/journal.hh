// The journal: what makes changes of several blocks reach the disk all together or not at all. The
// blocks' new contents are written here first, with a header that says where they belong and sums
// them up; when that is on the disk they are written to their places. If the power goes in between,
// the next start writes them there: replay. A journal that was written in part has a wrong sum and
// is ignored, for then nothing in its blocks' places has changed yet.
//
// The journal keeps the last such group for ever. Replaying it once more does no harm: none of its
// blocks may change in its place before the next group is in the journal.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "fs/block_store.hh"
#include "fs/disk.hh"
#include "fs/layout.hh"
#include "inc/result.hh"

namespace fs {

class Journal {
public:
    constexpr Journal() = default;

    // The journal of a file system of `block_count` blocks; `buffer` has room for all its blocks.
    void open(Disk& disk, uint32_t block_count, std::span<std::byte> buffer);

    // How many blocks a group may have; 0: there is no journal.
    uint32_t capacity() const { return capacity_; }

    // Collects a group: `contents` is to be written to block `number`. Then writes it, and returns
    // when the disk has it: io.
    void add(uint32_t number, std::span<const std::byte, block_size> contents);
    Result<void> write();

private:
    JournalHeader& header() { return *reinterpret_cast<JournalHeader*>(buffer_.data()); }

    Disk* disk_ = nullptr;
    uint32_t first_ = 0;
    uint32_t capacity_ = 0;
    uint32_t count_ = 0;
    std::span<std::byte> buffer_{};     // as it is on the disk: the header, then the contents
};

// Writes the journal's last group to its places, if it is whole. Returns how many of its blocks had
// other contents there; io, no_memory.
Result<uint32_t> replay_journal(BlockStore& store, uint32_t block_count);

// Makes sure that nothing is replayed any more: for tools that change blocks by themselves.
Result<void> clear_journal(BlockStore& store, uint32_t block_count);

}  // namespace fs
