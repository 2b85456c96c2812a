// Listing and extracting images, damaged and hostile ones included.
#include <gtest/gtest.h>

#include <unistd.h>

#include <fstream>

#include "fs/memory_store.hh"
#include "fs/tools/image_tree.hh"

namespace {

namespace host = std::filesystem;
using namespace fs;

class ImageTreeTest : public testing::Test {
protected:
    ImageTreeTest()
        : bytes_(size_t{1000} * block_size), store_(bytes_), files_(store_),
          folder_(host::temp_directory_path() / ("image_tree." + std::to_string(getpid())))
    {
        host::remove_all(folder_);
        host::create_directories(folder_);
        EXPECT_TRUE(FileSystem::format(store_, 0));
        EXPECT_TRUE(files_.check_superblock());
        EXPECT_TRUE(files_.check_bitmap());
        files_.set_time(1'000'000'000);
    }
    ~ImageTreeTest() override { host::remove_all(folder_); }

    Node make(const std::string& path, const std::string& contents, uint64_t offset = 0)
    {
        auto node = files_.create(path, FileType::regular);
        EXPECT_TRUE(node) << path;
        EXPECT_TRUE(files_.write(*node, offset, std::as_bytes(std::span(contents)))) << path;
        return *node;
    }
    FileRecord& record_of(const Node& node)
    {
        return reinterpret_cast<FileRecord*>(store_.data(node.place.block))[node.place.slot];
    }
    std::string on_host(const std::string& path)
    {
        std::ifstream input(folder_ / path, std::ios::binary);
        EXPECT_TRUE(input) << path;
        return {std::istreambuf_iterator<char>(input), {}};
    }
    ImageTree tree()
    {
        return ImageTree(store_, [this](const std::string& path, const std::string& text) {
            complaints_.push_back(path + ": " + text);
        });
    }
    std::vector<std::string> listing(const std::string& path)
    {
        std::vector<std::string> paths;
        ImageTree image = tree();
        image.for_each(image.find(path),
                       [&paths](const TreeEntry& entry) { paths.push_back(entry.path); });
        return paths;
    }
    void extract(const std::string& path, const std::string& to)
    {
        ImageTree image = tree();
        image.extract(image.find(path), folder_ / to);
    }

    std::vector<std::byte> bytes_;
    MemoryStore store_;
    FileSystem files_;
    host::path folder_;
    std::vector<std::string> complaints_;
};

TEST_F(ImageTreeTest, ListsEverythingInOrder)
{
    ASSERT_TRUE(files_.create("/b", FileType::directory));
    ASSERT_TRUE(files_.create("/b/deep", FileType::directory));
    make("/b/deep/file", "x");
    make("/a", "x");
    const std::vector<std::string> all{"/", "/a", "/b", "/b/deep", "/b/deep/file"};
    EXPECT_EQ(listing("/"), all);
    EXPECT_EQ(listing("b/./deep/"), std::vector<std::string>({"/b/deep", "/b/deep/file"}));
    EXPECT_THROW(listing("/c"), std::runtime_error);
    EXPECT_TRUE(complaints_.empty());
}

TEST_F(ImageTreeTest, ExtractsFilesFoldersAndHoles)
{
    ASSERT_TRUE(files_.create("/d", FileType::directory));
    ASSERT_TRUE(files_.create("/d/empty", FileType::directory));
    std::string text(100'000, '\0');
    for (size_t i = 0; i < text.size(); i++) {
        text[i] = static_cast<char>(i * i >> 6);
    }
    make("/d/text", text);
    make("/d/nothing", "");
    Node hole = make("/d/hole", "end", 1'000'000);
    ASSERT_TRUE(files_.set_size(hole, 5'000'000));
    extract("/d", "out");
    EXPECT_TRUE(on_host("out/text") == text);
    EXPECT_EQ(on_host("out/nothing"), "");
    const std::string expected = std::string(1'000'000, '\0') + "end";
    const std::string got = on_host("out/hole");
    EXPECT_EQ(got.size(), 5'000'000u);
    EXPECT_TRUE(got.starts_with(expected) && got.find_last_not_of('\0') == 1'000'002);
    EXPECT_TRUE(host::is_directory(folder_ / "out/empty"));
    extract("/d/text", "alone");
    EXPECT_TRUE(on_host("alone") == text);
    EXPECT_TRUE(complaints_.empty());
}

TEST_F(ImageTreeTest, NamesNeverLeadOutOfTheFolder)
{
    const Node node = make("/evil", "x");
    record_of(node).name = {'.', '.', '/', 'o', 'u', 't', 's', 'i', 'd', 'e'};
    make("/good", "y");
    extract("/", "in");
    EXPECT_FALSE(host::exists(folder_ / "outside"));
    EXPECT_EQ(on_host("in/good"), "y");
    ASSERT_EQ(complaints_.size(), 1u);
    EXPECT_NE(complaints_[0].find("no file can have this name"), std::string::npos);
}

TEST_F(ImageTreeTest, OneDamagedFileDoesNotHideTheOthers)
{
    make("/a", std::string(10'000, 'a'));
    const Node bad = make("/b", std::string(10'000, 'b'));
    make("/c", std::string(10'000, 'c'));
    record_of(bad).direct[1] = ~0u;
    extract("/", "out");
    EXPECT_EQ(on_host("out/a"), std::string(10'000, 'a'));
    EXPECT_EQ(on_host("out/c"), std::string(10'000, 'c'));
    ASSERT_EQ(complaints_.size(), 1u);
    EXPECT_NE(complaints_[0].find("/b: "), std::string::npos) << complaints_[0];
    EXPECT_TRUE(on_host("out/b").starts_with(std::string(4096, 'b')));
}

TEST_F(ImageTreeTest, ADirectoryInsideItselfEnds)
{
    const Node directory = *files_.create("/d", FileType::directory);
    make("/d/f", "x");
    const FileRecord copy = record_of(directory);
    for (uint32_t slot = 1; slot < records_per_block; slot++) {
        FileRecord& inside = reinterpret_cast<FileRecord*>(store_.data(copy.direct[0]))[slot];
        inside = copy;
        inside.name[0] = static_cast<char>('a' + slot);
    }
    EXPECT_EQ(listing("/").size(), 3u + records_per_block - 1);
    EXPECT_EQ(complaints_.size(), records_per_block - 1);
}

}  // namespace
