#include "fs/journal.hh"

#include <algorithm>

namespace fs {
namespace {

// Sums up 32-bit words so that each counts in its place (FNV-1a's constants).
class Checksum {
public:
    void add(std::span<const std::byte> bytes)
    {
        const auto* words = reinterpret_cast<const uint32_t*>(bytes.data());
        for (size_t i = 0; i < bytes.size() / sizeof *words; i++) {
            value_ = (value_ ^ words[i]) * 0x100000001B3;
        }
    }
    uint64_t value() const { return value_; }

private:
    uint64_t value_ = 0xCBF29CE484222325;
};

// Of the header's own words, the sum itself left out.
void add_header(Checksum& sum, const JournalHeader& header)
{
    sum.add(std::as_bytes(std::span(&header.count, 1)));
    sum.add(std::as_bytes(std::span(header.targets)).first(header.count * sizeof(uint32_t)));
}

bool is_target(uint32_t number, uint32_t block_count)
{
    const uint32_t begin = journal_start(block_count);
    return number >= superblock_number && number < block_count
        && (number < begin || number >= begin + journal_blocks_for(block_count));
}

// Whether the journal's blocks are those that the header means, and belong where they may.
Result<bool> is_whole(BlockStore& store, const JournalHeader& header, uint32_t block_count)
{
    if (header.magic != journal_magic || header.count == 0
        || header.count >= journal_blocks_for(block_count)) {
        return false;
    }
    Checksum sum;
    add_header(sum, header);
    for (uint32_t i = 0; i < header.count; i++) {
        if (!is_target(header.targets[i], block_count)) {
            return false;
        }
        sum.add(TRY(store.read(journal_start(block_count) + 1 + i)).bytes());
    }
    return sum.value() == header.checksum;
}

}  // namespace

void Journal::open(Disk& disk, uint32_t block_count, std::span<std::byte> buffer)
{
    const uint32_t blocks = std::min<uint32_t>(journal_blocks_for(block_count),
                                               static_cast<uint32_t>(buffer.size() / block_size));
    disk_ = &disk;
    first_ = journal_start(block_count);
    capacity_ = blocks > 0 ? blocks - 1 : 0;
    count_ = 0;
    buffer_ = buffer;
}

void Journal::add(uint32_t number, std::span<const std::byte, block_size> contents)
{
    header().targets[count_] = number;
    std::ranges::copy(contents, buffer_.subspan((size_t{count_} + 1) * block_size).begin());
    count_++;
}

Result<void> Journal::write()
{
    JournalHeader& head = header();
    head.magic = journal_magic;
    head.count = std::exchange(count_, 0);
    Checksum sum;
    add_header(sum, head);
    sum.add(buffer_.subspan(block_size, size_t{head.count} * block_size));
    head.checksum = sum.value();
    TRY(disk_->write(first_, head.count + 1, buffer_.data()));
    return disk_->flush();
}

Result<uint32_t> replay_journal(BlockStore& store, uint32_t block_count)
{
    if (journal_blocks_for(block_count) == 0) {
        return 0u;
    }
    const uint32_t first = journal_start(block_count);
    const Block head = TRY(store.read(first));
    const JournalHeader& header = head.item<JournalHeader>(0);
    if (!TRY(is_whole(store, header, block_count))) {
        return 0u;
    }
    uint32_t changed = 0;
    for (uint32_t i = 0; i < header.count; i++) {
        const Block from = TRY(store.read(first + 1 + i));
        Block to = TRY(store.read(header.targets[i]));
        if (!std::ranges::equal(from.bytes(), to.bytes())) {
            std::ranges::copy(from.bytes(), to.change().begin());
            changed++;
        }
    }
    TRY(store.flush());
    return changed;
}

Result<void> clear_journal(BlockStore& store, uint32_t block_count)
{
    if (journal_blocks_for(block_count) > 0) {
        Block head = TRY(store.read(journal_start(block_count)));
        std::ranges::fill(head.change(), std::byte{0});
    }
    return store.flush();
}

}  // namespace fs
