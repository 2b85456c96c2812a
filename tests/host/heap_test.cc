// The network server's heap: blocks do not overlap, memory comes back, misuse is survived.
#include <gtest/gtest.h>

#include <cstdarg>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include "net/heap.hh"

int cprintf(const char* format, ...);
static int complaints;
int cprintf(const char*, ...)
{
    complaints++;
    return 0;
}

namespace {

class HeapTest : public testing::Test {
protected:
    static constexpr size_t slabs = 64;
    void SetUp() override
    {
        region_.reset(static_cast<std::byte*>(
            std::aligned_alloc(Heap::slab_bytes, slabs * Heap::slab_bytes)));
        heap_.initialise(region_.get(), slabs * Heap::slab_bytes);
        complaints = 0;
    }
    struct Free {
        void operator()(std::byte* memory) const { std::free(memory); }
    };
    std::unique_ptr<std::byte, Free> region_;
    Heap heap_;
};

TEST_F(HeapTest, BlocksKeepWhatIsWrittenToThem)
{
    struct Block {
        unsigned char* data;
        size_t size;
        unsigned char mark;
    };
    std::mt19937 random(1);
    std::vector<Block> blocks;
    for (int step = 0; step < 200000; step++) {
        const bool allocate = blocks.empty() || random() % 5 < 3;
        if (allocate) {
            const size_t size = random() % 50 == 0 ? random() % 70000 : 1 + random() % 1600;
            void* data = heap_.allocate(size);
            if (data == nullptr) {
                continue;
            }
            ASSERT_EQ(reinterpret_cast<uintptr_t>(data) % 16, 0U);
            const auto mark = static_cast<unsigned char>(random());
            std::memset(data, mark, size);
            blocks.push_back({static_cast<unsigned char*>(data), size, mark});
            continue;
        }
        std::swap(blocks[random() % blocks.size()], blocks.back());
        const Block block = blocks.back();
        blocks.pop_back();
        for (size_t i = 0; i < block.size; i++) {
            ASSERT_EQ(block.data[i], block.mark);
        }
        heap_.free(block.data);
    }
    for (const Block& block : blocks) {
        heap_.free(block.data);
    }
    EXPECT_EQ(heap_.free_slabs(), slabs);
    EXPECT_EQ(complaints, 0);
}

TEST_F(HeapTest, FullHeapRefusesAndRecovers)
{
    std::vector<void*> blocks;
    while (void* block = heap_.allocate(1600)) {
        blocks.push_back(block);
    }
    EXPECT_EQ(blocks.size(), slabs * 10);
    EXPECT_TRUE(heap_.is_low());
    EXPECT_EQ(heap_.allocate(32), nullptr);
    EXPECT_EQ(heap_.allocate(20000), nullptr);
    for (void* block : blocks) {
        heap_.free(block);
    }
    EXPECT_FALSE(heap_.is_low());
    EXPECT_NE(heap_.allocate(20000), nullptr);
}

TEST_F(HeapTest, LargeBlocksTakeNeighbours)
{
    EXPECT_EQ(heap_.allocate(slabs * Heap::slab_bytes), nullptr);
    void* most = heap_.allocate(slabs * Heap::slab_bytes - 32);
    ASSERT_NE(most, nullptr);
    EXPECT_EQ(heap_.free_slabs(), 0U);
    heap_.free(most);

    std::vector<void*> blocks;
    for (size_t i = 0; i < slabs; i++) {
        blocks.push_back(heap_.allocate(16000));
        ASSERT_NE(blocks.back(), nullptr);
    }
    for (size_t i = 0; i < slabs; i += 2) {
        heap_.free(blocks[i]);          // every other slab: no two neighbours
    }
    EXPECT_EQ(heap_.allocate(17000), nullptr);
    heap_.free(blocks[1]);
    EXPECT_NE(heap_.allocate(3 * Heap::slab_bytes - 32), nullptr);
}

TEST_F(HeapTest, MisuseIsReported)
{
    int elsewhere = 0;
    heap_.free(&elsewhere);
    EXPECT_EQ(complaints, 1);
    void* block = heap_.allocate(100);
    heap_.free(block);
    heap_.free(block);
    EXPECT_EQ(complaints, 2);
    heap_.free(nullptr);
    EXPECT_EQ(complaints, 2);
}

} // namespace
