// The check of whole images: each kind of damage is found, with file and block, and what a repair
// may do about it.
#include <gtest/gtest.h>

#include <random>

#include "fs/file_system.hh"
#include "fs/memory_store.hh"
#include "fs/tools/image_check.hh"

namespace {

using namespace fs;
using Kind = ProblemKind;

class ImageCheck : public testing::Test {
protected:
    static constexpr uint32_t blocks = 3000;

    ImageCheck() : bytes_(size_t{blocks} * block_size), store_(bytes_), files_(store_)
    {
        EXPECT_TRUE(FileSystem::format(store_, 0));
        EXPECT_TRUE(files_.check_superblock());
        EXPECT_TRUE(files_.check_bitmap());
        EXPECT_TRUE(files_.create("/d", FileType::directory));
        big_ = make("/d/big", 1100 * block_size);
        small_ = make("/d/small", 5000);
        make("/empty", 0);
    }

    Node make(const std::string& path, size_t size)
    {
        auto node = files_.create(path, FileType::regular);
        EXPECT_TRUE(node) << path;
        const std::vector<std::byte> contents(size, std::byte{7});
        EXPECT_TRUE(files_.write(*node, 0, contents)) << path;
        return *node;
    }
    FileRecord& record_of(const Node& node)
    {
        return reinterpret_cast<FileRecord*>(store_.data(node.place.block))[node.place.slot];
    }
    uint32_t* numbers(uint32_t block) { return reinterpret_cast<uint32_t*>(store_.data(block)); }
    Superblock& superblock() { return *reinterpret_cast<Superblock*>(store_.data(1)); }
    void mark(uint32_t block, bool free) { ASSERT_TRUE(files_.set_free(block, free)); }

    // Checks that there is exactly this problem.
    void expect_one(Kind kind, const std::string& path, uint32_t block, const std::string& text)
    {
        const CheckReport report = check_image(store_);
        ASSERT_EQ(report.problem_count, 1u) << all(report);
        const Problem& problem = report.problems[0];
        EXPECT_EQ(static_cast<int>(problem.kind), static_cast<int>(kind)) << problem.text;
        EXPECT_EQ(problem.path, path);
        EXPECT_EQ(problem.block, block);
        EXPECT_NE(problem.text.find(text), std::string::npos) << problem.text;
    }
    // Whether the report has such a problem, among others.
    static bool has(const CheckReport& report, Kind kind, const std::string& path)
    {
        return std::ranges::any_of(report.problems, [&](const Problem& problem) {
            return problem.kind == kind && problem.path == path;
        });
    }
    static std::string all(const CheckReport& report)
    {
        std::string text;
        for (const Problem& problem : report.problems) {
            text += problem.text + "\n";
        }
        return text;
    }

    std::vector<std::byte> bytes_;
    MemoryStore store_;
    FileSystem files_;
    Node big_, small_;
};

TEST_F(ImageCheck, AWholeImageIsClean)
{
    const CheckReport report = check_image(store_);
    EXPECT_EQ(report.problem_count, 0u) << all(report);
    EXPECT_EQ(report.files, 3u);
    EXPECT_EQ(report.directories, 2u);
    ASSERT_TRUE(files_.check_bitmap());
    EXPECT_EQ(report.free_blocks, files_.free_blocks());
    EXPECT_EQ(report.used_blocks + report.free_blocks, blocks);
}

TEST_F(ImageCheck, WhatTheFileSystemLeavesIsCleanWhateverWasDone)
{
    std::mt19937 random(5);
    std::vector<std::byte> data(300'000, std::byte{1});
    for (int step = 0; step < 400; step++) {
        const std::string path = "/d/" + std::to_string(random() % 12);
        auto node = files_.lookup(path);
        if (!node) {
            node = files_.create(path, FileType::regular);
        }
        ASSERT_TRUE(node);
        switch (random() % 4) {
        case 0: {
            const uint64_t offset = random() % 6'000'000;
            static_cast<void>(files_.write(*node, offset,
                                           std::span(data).first(random() % data.size())));
            break;
        }
        case 1: ASSERT_TRUE(files_.set_size(*node, random() % 3'000'000)); break;
        case 2: ASSERT_TRUE(files_.unlink(*node) && files_.release(*node)); break;
        case 3: {
            Node replaced{};
            static_cast<void>(files_.rename(*node, "/" + std::to_string(step), replaced));
            break;
        }
        }
    }
    const CheckReport report = check_image(store_);
    EXPECT_EQ(report.problem_count, 0u) << all(report);
}

TEST_F(ImageCheck, SuperblocksSayWhatIsWrong)
{
    const Superblock good = superblock();
    superblock().magic[0] = 'X';
    expect_one(Kind::superblock, "", 1, "no image of ours");
    superblock() = good;
    superblock().version = 9;
    expect_one(Kind::superblock, "", 1, "version 9");
    superblock() = good;
    superblock().block_count = blocks + 1;
    expect_one(Kind::superblock, "", 1, "cut off");
    superblock() = good;
    superblock().root.size = 5;
    expect_one(Kind::superblock, "", 1, "root directory");
    MemoryStore tiny{std::span<std::byte>(bytes_).first(block_size)};
    EXPECT_EQ(check_image(tiny).problem_count, 1u);
}

TEST_F(ImageCheck, LostBlocksAreFoundAndFreed)
{
    for (const uint32_t block : {2000u, 2001u, 2002u}) {
        mark(block, false);
    }
    expect_one(Kind::lost, "", 2000, "blocks 2000 to 2002 are lost");
    repair_bitmap(store_);
    EXPECT_EQ(check_image(store_).problem_count, 0u);
    EXPECT_TRUE(*files_.is_free(2001));
}

TEST_F(ImageCheck, UsedBlocksThatAreFreeByTheBitmap)
{
    const uint32_t block = record_of(small_).direct[1];
    mark(block, true);
    expect_one(Kind::marked_free, "/d/small", block, "free by the bitmap");
    repair_bitmap(store_);
    EXPECT_EQ(check_image(store_).problem_count, 0u);
}

TEST_F(ImageCheck, BitsOfTheFileSystemItselfAndBeyondTheEnd)
{
    mark(1, true);
    expect_one(Kind::marked_free, "", 1, "the file system's own");
    mark(blocks + 7, true);
    EXPECT_EQ(check_image(store_).problem_count, 2u);
    EXPECT_FALSE(files_.check_bitmap());
    repair_bitmap(store_);
    EXPECT_EQ(check_image(store_).problem_count, 0u);
    EXPECT_TRUE(files_.check_bitmap());
}

TEST_F(ImageCheck, ABlockOfTwoFiles)
{
    FileRecord& record = record_of(small_);
    const uint32_t own = record.direct[0];
    record.direct[0] = numbers(record_of(big_).indirect)[3];
    const CheckReport report = check_image(store_);
    EXPECT_TRUE(has(report, Kind::used_twice, "/d/small")) << all(report);
    EXPECT_TRUE(has(report, Kind::lost, "")) << all(report);
    EXPECT_NE(all(report).find("first by /d/big"), std::string::npos) << all(report);
    repair_bitmap(store_);
    EXPECT_FALSE(*files_.is_free(own)) << "no block may become free while files are damaged";
}

TEST_F(ImageCheck, NumbersThatCannotBe)
{
    FileRecord& record = record_of(big_);
    for (const uint32_t number : {1u, 2u, blocks, ~0u}) {
        const FileRecord good = record;
        record.direct[4] = number;
        record.indirect = number;
        record.double_indirect = number;
        const CheckReport report = check_image(store_);
        EXPECT_TRUE(has(report, Kind::bad_number, "/d/big"));
        EXPECT_EQ(report.problem_count, 5u) << all(report);     // and two runs lost by it
        record = good;
    }
}

TEST_F(ImageCheck, NumbersInCirclesEnd)
{
    const FileRecord& record = record_of(big_);
    numbers(record.double_indirect)[0] = record.double_indirect;
    const CheckReport report = check_image(store_);
    EXPECT_TRUE(has(report, Kind::used_twice, "/d/big")) << all(report);
}

TEST_F(ImageCheck, ADirectoryThatHoldsItselfEnds)
{
    const Node directory = *files_.lookup("/d");
    const FileRecord copy = record_of(directory);
    auto* inside = reinterpret_cast<FileRecord*>(store_.data(copy.direct[0]));
    inside[5] = copy;
    expect_one(Kind::used_twice, "/d/d", copy.direct[0], "first by /d");
}

TEST_F(ImageCheck, RecordsAndNames)
{
    const FileRecord good = record_of(small_);
    record_of(small_).type = static_cast<FileType>(3);
    CheckReport report = check_image(store_);
    EXPECT_TRUE(has(report, Kind::bad_record, "/d/small")) << all(report);
    record_of(small_) = good;
    record_of(small_).name = {'.', '.'};
    expect_one(Kind::bad_name, "/d/..", small_.place.block, "no path");
    record_of(small_).name = {'b', 'i', 'g'};
    expect_one(Kind::bad_name, "/d/big", small_.place.block, "is there twice");
}

TEST_F(ImageCheck, WhatLiesBehindTheEnd)
{
    const FileRecord good = record_of(small_);
    record_of(small_).size = 4999;
    expect_one(Kind::bytes_after_end, "/d/small", good.direct[1], "not zero");
    record_of(small_).size = 4096;
    expect_one(Kind::beyond_end, "/d/small", good.direct[1], "beyond its end");
}

TEST_F(ImageCheck, AnyDamageIsSurvived)
{
    std::mt19937 random(3);
    const std::vector<std::byte> whole = bytes_;
    const FileRecord big = record_of(big_);
    const uint32_t targets[] = {bitmap_start, big_.place.block, superblock().root.direct[0],
                                big.indirect, big.double_indirect};
    for (int round = 0; round < 30; round++) {
        for (int i = 0; i < 20; i++) {
            uint32_t& word = numbers(targets[random() % std::size(targets)])[random() % 192];
            word = static_cast<uint32_t>(random() % 2 == 0 ? random() : random() % blocks);
        }
        EXPECT_GT(check_image(store_).problem_count, 0u);
        repair_bitmap(store_);
        EXPECT_TRUE(files_.check_bitmap());
        std::ranges::copy(whole, bytes_.begin());
    }
}

}  // namespace
