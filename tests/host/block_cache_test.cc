// The file server's block cache: what is read, kept, evicted and written back, and when.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "tests/host/memory_disk.hh"

namespace {

using fs::Block;
using fs::BlockCache;

// The same numbers in every run.
class Random {
public:
    explicit Random(unsigned seed) : engine_(seed) {}
    uint32_t operator()() { return static_cast<uint32_t>(engine_()); }

private:
    std::mt19937 engine_;
};

void put(CacheFixture& f, uint32_t number, uint32_t value)
{
    auto block = f.cache.read(number);
    ASSERT_TRUE(block);
    block->change_item<uint32_t>(0) = value;
}

uint32_t get(CacheFixture& f, uint32_t number)
{
    auto block = f.cache.read(number);
    EXPECT_TRUE(block);
    return block ? block->item<uint32_t>(0) : ~0u;
}

uint32_t on_disk(CacheFixture& f, uint32_t number)
{
    return *reinterpret_cast<const uint32_t*>(f.disk.data(number));
}

TEST(BlockCache, ReadsABlockOnce)
{
    CacheFixture f(100, 64);
    f.disk.data(7)[0] = std::byte{42};
    EXPECT_EQ(get(f, 7), 42u);
    EXPECT_EQ(get(f, 7), 42u);
    EXPECT_EQ(f.disk.reads, 1u);
}

TEST(BlockCache, RefusesBlocksThatAreNotThere)
{
    CacheFixture f(100, 64);
    for (const uint32_t number : {0u, 100u, 101u, ~0u}) {
        const auto block = f.cache.read(number);
        ASSERT_FALSE(block) << number;
        EXPECT_EQ(block.error(), Error::corrupt);
        EXPECT_FALSE(f.cache.fresh(number));
    }
    EXPECT_FALSE(f.cache.load(90, 11));
    EXPECT_FALSE(f.cache.load(90, ~0u));
    EXPECT_EQ(f.disk.reads, 0u);
}

TEST(BlockCache, WritesBackWhatChangedAndOnlyThat)
{
    CacheFixture f(100, 64);
    put(f, 5, 55);
    get(f, 6);
    put(f, 9, 99);
    EXPECT_EQ(on_disk(f, 5), 0u);
    EXPECT_EQ(f.cache.changed_blocks(), 2u);
    ASSERT_TRUE(f.cache.flush());
    EXPECT_EQ(on_disk(f, 5), 55u);
    EXPECT_EQ(on_disk(f, 9), 99u);
    EXPECT_EQ(f.disk.writes, 2u);
    EXPECT_EQ(f.disk.flushes, 1u);
    EXPECT_EQ(f.cache.changed_blocks(), 0u);
    ASSERT_TRUE(f.cache.flush());
    EXPECT_EQ(f.disk.flushes, 1u);
}

TEST(BlockCache, WritesNeighboursWithOneCommand)
{
    CacheFixture f(200, 128);
    for (const uint32_t number : {20u, 12u, 13u, 11u, 10u, 21u}) {
        put(f, number, number);
    }
    ASSERT_TRUE(f.cache.flush());
    EXPECT_EQ(f.disk.writes, 2u);
    EXPECT_EQ(on_disk(f, 13), 13u);
}

TEST(BlockCache, LoadsARunWithOneCommandAroundWhatIsThere)
{
    CacheFixture f(1000, 256);
    ASSERT_TRUE(f.cache.load(100, 50));
    EXPECT_EQ(f.disk.reads, 1u);
    put(f, 210, 1);
    f.disk.reads = 0;
    ASSERT_TRUE(f.cache.load(200, 20));         // 200 to 209 and 211 to 219
    EXPECT_EQ(f.disk.reads, 2u);
    EXPECT_EQ(get(f, 210), 1u);
}

TEST(BlockCache, KeepsToItsSizeAndLosesNothing)
{
    CacheFixture f(1000, 64);
    for (uint32_t number = 1; number < 1000; number++) {
        put(f, number, number * 3);
        EXPECT_LE(f.cache.resident_blocks(), 64u);
        EXPECT_LE(f.memory.in_use(), 64u);
    }
    for (uint32_t number = 1; number < 1000; number++) {
        EXPECT_EQ(get(f, number), number * 3);
    }
    EXPECT_EQ(f.memory.misuse, 0u);
}

TEST(BlockCache, NeverEvictsABlockInUse)
{
    CacheFixture f(1000, 64);
    std::vector<Block> held;
    for (uint32_t number = 1; number <= 63; number++) {
        auto block = f.cache.read(number);
        ASSERT_TRUE(block);
        held.push_back(*std::move(block));
    }
    for (uint32_t number = 100; number < 200; number++) {
        get(f, number);
    }
    for (uint32_t number = 1; number <= 63; number++) {
        EXPECT_TRUE(f.cache.is_resident(number));
    }
    auto last = f.cache.read(64);
    ASSERT_TRUE(last);
    const auto one_more = f.cache.read(65);
    ASSERT_FALSE(one_more);
    EXPECT_EQ(one_more.error(), Error::no_memory);
}

TEST(BlockCache, FreshBlocksAreZeroAndReachTheDisk)
{
    CacheFixture f(100, 64);
    std::fill_n(f.disk.data(8), fs::block_size, std::byte{0xAA});
    {
        const auto block = f.cache.fresh(8);
        ASSERT_TRUE(block);
        EXPECT_EQ(block->item<uint32_t>(17), 0u);
    }
    EXPECT_EQ(f.disk.reads, 0u);
    ASSERT_TRUE(f.cache.flush());
    EXPECT_EQ(on_disk(f, 8), 0u);
}

TEST(BlockCache, FreshGivesSharedMemoryToWhoStillReadsIt)
{
    CacheFixture f(100, 64);
    put(f, 8, 1);
    f.memory.shared.insert(8);
    f.memory.misuse = 0;
    ASSERT_TRUE(f.cache.fresh(8));
    EXPECT_EQ(f.memory.misuse, 0u);             // released, then obtained again
    EXPECT_EQ(get(f, 8), 0u);
}

TEST(BlockCache, EvictsSharedBlocksLast)
{
    CacheFixture f(1000, 64);
    for (uint32_t number = 1; number <= 64; number++) {
        get(f, number);
        if (number <= 32) {
            f.memory.shared.insert(number);
        }
    }
    for (uint32_t number = 100; number < 132; number++) {
        get(f, number);
    }
    for (uint32_t number = 1; number <= 32; number++) {
        EXPECT_TRUE(f.cache.is_resident(number)) << number;
    }
    for (uint32_t number = 1; number < 1000; number++) {
        f.memory.shared.insert(number);
    }
    EXPECT_EQ(get(f, 999), 0u);
}

TEST(BlockCache, DiscardedBlocksAreNotWritten)
{
    CacheFixture f(100, 64);
    put(f, 8, 1);
    f.cache.discard(8);
    EXPECT_EQ(f.cache.changed_blocks(), 0u);
    ASSERT_TRUE(f.cache.flush());
    EXPECT_EQ(f.disk.writes, 0u);
}

TEST(BlockCache, ReadErrorsLeaveNothingBehind)
{
    CacheFixture f(100, 64);
    f.disk.fail_reads = true;
    const auto block = f.cache.read(8);
    ASSERT_FALSE(block);
    EXPECT_EQ(block.error(), Error::io);
    EXPECT_EQ(f.cache.resident_blocks(), 0u);
    EXPECT_EQ(f.memory.in_use(), 0u);
    f.disk.fail_reads = false;
    EXPECT_TRUE(f.cache.read(8));
}

TEST(BlockCache, WriteErrorsKeepTheChange)
{
    CacheFixture f(1000, 64);
    put(f, 8, 88);
    f.disk.fail_writes = true;
    const auto flushed = f.cache.flush();
    ASSERT_FALSE(flushed);
    EXPECT_EQ(flushed.error(), Error::io);
    EXPECT_EQ(f.cache.changed_blocks(), 1u);
    for (uint32_t number = 100; number < 300; number++) {
        get(f, number);                         // evicts others instead
    }
    EXPECT_TRUE(f.cache.is_resident(8));
    for (uint32_t number = 300; number < 363; number++) {
        put(f, number, 1);
    }
    const auto none = f.cache.read(500);        // nothing is left that could go
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error(), Error::io);
    f.disk.fail_writes = false;
    ASSERT_TRUE(f.cache.flush());
    EXPECT_EQ(on_disk(f, 8), 88u);
    EXPECT_TRUE(f.cache.read(500));
}

TEST(BlockCache, MakesDoWithLessMemoryThanItHasSlots)
{
    CacheFixture f(1000, 256);
    f.memory.limit = 80;
    for (uint32_t number = 1; number < 500; number++) {
        put(f, number, number);
    }
    ASSERT_TRUE(f.cache.load(600, 60));
    for (uint32_t number = 1; number < 500; number++) {
        EXPECT_EQ(get(f, number), number);
    }
    EXPECT_EQ(f.memory.misuse, 0u);
}

TEST(BlockCache, AgreesWithAModelOverManyRandomSteps)
{
    CacheFixture f(400, 64);
    std::map<uint32_t, uint32_t> model;
    Random random(1);
    for (uint32_t step = 0; step < 50'000; step++) {
        const uint32_t number = 1 + random() % 399;
        switch (random() % 8) {
        case 0: ASSERT_TRUE(f.cache.flush()); break;
        case 1: f.cache.prefetch(number, 10); break;
        case 2: ASSERT_TRUE(f.cache.fresh(number)); model[number] = 0; break;
        case 3: f.memory.shared.insert(number); break;
        case 4: f.memory.shared.erase(number); break;
        case 5: put(f, number, step); model[number] = step; break;
        case 6: EXPECT_TRUE(f.cache.drop(number)); break;
        default: ASSERT_EQ(get(f, number), model[number]) << "step " << step; break;
        }
    }
    EXPECT_EQ(f.memory.misuse, 0u);
    ASSERT_TRUE(f.cache.flush());
    for (const auto& [number, value] : model) {
        EXPECT_EQ(on_disk(f, number), value);
    }
}

}  // namespace
