#include "fs/block_cache.hh"

#include <algorithm>

namespace fs {

void BlockCache::open(Disk& disk, CacheMemory& memory, std::span<Slot> slots,
                      std::span<uint32_t> buckets, std::span<uint32_t> scratch)
{
    disk_ = &disk;
    memory_ = &memory;
    slots_ = slots;
    buckets_ = buckets;
    scratch_ = scratch;
    std::ranges::fill(buckets_, none);
    for (uint32_t i = 0; i < capacity(); i++) {
        slots_[i] = {};
        slots_[i].next = i + 1 < capacity() ? i + 1 : none;
    }
    free_ = 0;
    hand_ = 0;
    resident_ = 0;
    changed_ = 0;
    together_ = 0;
    unflushed_ = false;
    journal_ = {};
    waiting_ = {};
    waiting_count_ = 0;
}

void BlockCache::use_journal(uint32_t block_count, std::span<std::byte> buffer,
                             std::span<uint32_t> waiting)
{
    journal_.open(*disk_, block_count, buffer);
    if (journal_.capacity() > 0) {
        waiting_ = waiting;
    }
}

// The table of what is in memory

uint32_t BlockCache::find(uint32_t number) const
{
    uint32_t slot = bucket_of(number);
    while (slot != none && slots_[slot].block != number) {
        slot = slots_[slot].next;
    }
    return slot;
}

void BlockCache::insert(uint32_t number)
{
    const uint32_t slot = free_;
    free_ = slots_[slot].next;
    uint32_t& bucket = bucket_of(number);
    slots_[slot] = {.block = number, .next = bucket, .used = true};
    bucket = slot;
    resident_++;
}

void BlockCache::erase(uint32_t slot)
{
    set_changed(slots_[slot], false);
    uint32_t* link = &bucket_of(slots_[slot].block);
    while (*link != slot) {
        link = &slots_[*link].next;
    }
    *link = slots_[slot].next;
    slots_[slot] = {};
    slots_[slot].next = free_;
    free_ = slot;
    resident_--;
}

void BlockCache::set_changed(Slot& slot, bool changed)
{
    if (slot.changed != changed) {
        slot.changed = changed;
        changed_ += changed ? 1 : ~0u;
    }
    if (!changed) {
        set_together(slot, false);
    }
}

void BlockCache::set_together(Slot& slot, bool together)
{
    if (slot.together != together) {
        slot.together = together;
        together_ += together ? 1 : ~0u;
    }
}

// What BlockStore promises

// Block 0 is nobody's, and marks free slots.
Result<void> BlockCache::check_range(uint32_t first, uint32_t count) const
{
    if (first == 0 || first >= block_count() || count > block_count() - first) {
        return Error::corrupt;
    }
    return {};
}

Result<std::byte*> BlockCache::pin(uint32_t number, Contents contents)
{
    TRY(check_range(number, 1));
    const bool zeros = contents != Contents::from_disk;
    uint32_t slot = find(number);
    const Slot old = slot != none ? slots_[slot] : Slot{};
    if (slot != none && zeros && memory_->is_shared(number) && old.pins == 0) {
        erase(slot);                    // who still sees the old contents keeps them
        memory_->release(number, 1);
        slot = none;
    }
    if (slot == none) {
        const Range keep{number, number + 1};
        if (zeros) {
            TRY(obtain(number, 1, keep));
        } else {
            TRY(load_missing(number, 1, keep));
        }
        slot = find(number);
        slots_[slot].fresh = old.fresh;
    } else if (zeros) {
        std::fill_n(memory_->address(number), block_size, std::byte{0});
    }
    slots_[slot].used = true;
    slots_[slot].pins++;
    if (zeros) {
        slots_[slot].fresh = old.fresh || contents == Contents::fresh;
        mark_changed(number, old.together ? Change::together : Change::contents);
    }
    return memory_->address(number);
}

void BlockCache::unpin(uint32_t number)
{
    slots_[find(number)].pins--;
}

void BlockCache::mark_changed(uint32_t number, Change change)
{
    Slot& slot = slots_[find(number)];
    set_changed(slot, true);
    if (change == Change::together && !slot.fresh && journal_.capacity() > 0) {
        set_together(slot, true);
    }
}

void BlockCache::discard(uint32_t number)
{
    if (const uint32_t slot = find(number); slot != none) {
        set_changed(slots_[slot], false);
        slots_[slot].used = false;
        slots_[slot].fresh = false;
    }
    if (!waiting_.empty() && may_reuse(number)) {
        waiting_[number / 32] |= 1u << (number % 32);
        waiting_count_++;
    }
}

bool BlockCache::may_reuse(uint32_t number) const
{
    return waiting_.empty() || (waiting_[number / 32] >> (number % 32) & 1) == 0;
}

void BlockCache::prefetch(uint32_t first, uint32_t count)
{
    if (check_range(first, 1)) {
        count = std::min({count, block_count() - first, capacity() / 4, max_run});
        static_cast<void>(load(first, count));      // whoever needs a block sees its error
    }
}

// Reading

Result<void> BlockCache::load(uint32_t first, uint32_t count)
{
    TRY(check_range(first, count));
    if (count > max_run || count > capacity() / 4) {
        return Error::invalid_argument;
    }
    const Range keep{first, first + count};
    for (uint32_t block = first; block < keep.end;) {
        if (const uint32_t slot = find(block); slot != none) {
            slots_[slot].used = true;
            block++;
            continue;
        }
        uint32_t missing = 1;
        while (block + missing < keep.end && !is_resident(block + missing)) {
            missing++;
        }
        TRY(load_missing(block, missing, keep));
        block += missing;
    }
    return {};
}

// Reads blocks of which none is in memory.
Result<void> BlockCache::load_missing(uint32_t first, uint32_t count, Range keep)
{
    TRY(obtain(first, count, keep));
    const auto read = disk_->read(first, count, memory_->address(first));
    if (!read) {
        for (uint32_t block = first; block < first + count; block++) {
            erase(find(block));
        }
        memory_->release(first, count);
    }
    return read;
}

// Memory and slots for blocks of which none is in memory; it may turn out that the machine has
// less memory to give than the cache has slots.
Result<void> BlockCache::obtain(uint32_t first, uint32_t count, Range keep)
{
    TRY(make_room(count, keep));
    auto memory = memory_->obtain(first, count);
    for (uint32_t i = 0; !memory && i < count; i++) {
        TRY(evict_one(keep));
        memory = memory_->obtain(first, count);
    }
    if (memory) {
        for (uint32_t block = first; block < first + count; block++) {
            insert(block);
        }
    }
    return memory;
}

// Evicting: a hand goes round the slots and takes what was not used since it last came by. What
// programs have mapped goes last, because it frees no memory.

Result<void> BlockCache::make_room(uint32_t count, Range keep)
{
    while (capacity() - resident_ < count) {
        TRY(evict_one(keep));
    }
    return {};
}

Result<void> BlockCache::evict_one(Range keep)
{
    Error error = Error::no_memory;
    for (uint32_t step = 0; step < 3 * capacity(); step++) {
        const uint32_t index = hand_;
        hand_ = (hand_ + 1) % capacity();
        Slot& slot = slots_[index];
        if (slot.block == 0 || slot.pins > 0 || slot.together || keep.contains(slot.block)) {
            continue;
        }
        const bool last_resort = step >= 2 * capacity();
        if (slot.used || (!last_resort && memory_->is_shared(slot.block))) {
            slot.used = false;
            continue;
        }
        if (slot.changed) {
            if (const auto written = write_back(index); !written) {
                error = written.error();
                continue;
            }
        }
        const uint32_t block = slot.block;
        erase(index);
        memory_->release(block, 1);
        return {};
    }
    return error;
}

bool BlockCache::drop(uint32_t number)
{
    const uint32_t slot = find(number);
    if (slot == none) {
        return true;
    }
    const Slot& is = slots_[slot];
    if (is.pins > 0 || is.together || (is.changed && !write_back(slot))) {
        return false;
    }
    erase(slot);
    memory_->release(number, 1);
    return true;
}

// Writing

// Writes a changed block, and the changed ones behind it with the same command.
Result<void> BlockCache::write_back(uint32_t slot)
{
    const uint32_t first = slots_[slot].block;
    uint32_t count = 1;
    while (count < max_run) {
        const uint32_t next = find(first + count);
        if (next == none || !may_be_written(slots_[next])) {
            break;
        }
        count++;
    }
    return write_run(first, count);
}

Result<void> BlockCache::write_run(uint32_t first, uint32_t count)
{
    unflushed_ = true;
    TRY(disk_->write(first, count, memory_->address(first)));
    for (uint32_t block = first; block < first + count; block++) {
        set_changed(slots_[find(block)], false);
    }
    return {};
}

// Writes changed blocks, in ascending order, with a command for those that are neighbours.
Result<void> BlockCache::write_all(std::span<const uint32_t> blocks)
{
    for (size_t i = 0; i < blocks.size();) {
        uint32_t run = 1;
        while (i + run < blocks.size() && run < max_run && blocks[i + run] == blocks[i] + run) {
            run++;
        }
        TRY(write_run(blocks[i], run));
        i += run;
    }
    return {};
}

// The blocks that changed and wait for the journal, or those that do not; in `scratch_`.
std::span<uint32_t> BlockCache::changed_slots(bool together)
{
    size_t count = 0;
    for (const Slot& slot : slots_) {
        if (slot.block != 0 && slot.changed && slot.together == together) {
            scratch_[count++] = slot.block;
        }
    }
    const auto blocks = scratch_.first(count);
    std::ranges::sort(blocks);
    return blocks;
}

// Writes blocks through the journal. Before it is written, all else must be on the disk: what the
// blocks refer to, and what they had in the journal's last group.
Result<void> BlockCache::write_together(std::span<const uint32_t> blocks)
{
    while (!blocks.empty()) {
        const auto group = blocks.first(std::min<size_t>(blocks.size(), journal_.capacity()));
        blocks = blocks.subspan(group.size());
        TRY(disk_->flush());
        for (const uint32_t number : group) {
            journal_.add(number, std::span<const std::byte, block_size>(memory_->address(number),
                                                                        block_size));
        }
        TRY(journal_.write());
        TRY(write_all(group));
    }
    return {};
}

void BlockCache::all_is_written()
{
    for (Slot& slot : slots_) {
        slot.fresh = false;
    }
    if (waiting_count_ > 0) {
        std::ranges::fill(waiting_, 0u);
        waiting_count_ = 0;
    }
}

// Changes that went through the journal are safe once it is on the disk.
Result<void> BlockCache::flush()
{
    if (changed_ == 0 && !unflushed_) {
        return {};
    }
    TRY(write_all(changed_slots(false)));
    if (together_ > 0) {
        TRY(write_together(changed_slots(true)));
    } else {
        TRY(disk_->flush());
        unflushed_ = false;
    }
    all_is_written();
    return {};
}

}  // namespace fs
