// The host's image formatter: what goes in is what the file system finds.
#include <gtest/gtest.h>

#include <unistd.h>

#include <fstream>
#include <stdexcept>

#include "fs/file_system.hh"
#include "fs/format/image_builder.hh"
#include "fs/memory_store.hh"

namespace {

namespace host = std::filesystem;
using namespace fs;

class ImageBuilder : public testing::Test {
protected:
    ImageBuilder()
        : folder_(host::temp_directory_path() / ("image_builder." + std::to_string(getpid())))
    {
        host::remove_all(folder_);
        host::create_directories(folder_);
    }
    ~ImageBuilder() override { host::remove_all(folder_); }

    void put(const std::string& path, const std::string& contents)
    {
        host::create_directories((folder_ / path).parent_path());
        std::ofstream(folder_ / path, std::ios::binary) << contents;
    }
    std::string message_of(size_t blocks)
    {
        std::vector<std::byte> image(blocks * block_size);
        try {
            build_image(image, collect_files(folder_));
        } catch (const std::runtime_error& error) {
            return error.what();
        }
        return "";
    }

    host::path folder_;
};

TEST_F(ImageBuilder, RoundTrip)
{
    std::string big(3'000'000, '\0');
    for (size_t i = 0; i < big.size(); i++) {
        big[i] = static_cast<char>(i * i >> 7);
    }
    put("motd", "hello\n");
    put("bin/big", big);
    put("www/deep/er/index.html", "<p>");
    put("empty", "");
    host::create_directories(folder_ / "nothing");

    const auto sources = collect_files(folder_);
    std::vector<std::byte> bytes(blocks_needed(sources) * block_size);
    build_image(bytes, sources);                // as small as can be

    MemoryStore store(bytes);
    FileSystem files(store);
    ASSERT_TRUE(files.check_superblock());
    ASSERT_TRUE(files.check_bitmap());
    EXPECT_EQ(files.free_blocks(), 0u);
    size_t found = 0;
    for (const SourceFile& source : sources) {
        const auto node = files.lookup(source.path);
        ASSERT_TRUE(node) << source.path;
        const auto record = files.record(*node);
        ASSERT_TRUE(record) << source.path;
        EXPECT_EQ(record->is_directory(), source.is_directory) << source.path;
        found++;
        if (source.is_directory) {
            continue;
        }
        EXPECT_EQ(record->modified, source.modified) << source.path;
        std::ifstream input(source.host, std::ios::binary);
        const std::string want{std::istreambuf_iterator<char>(input), {}};
        std::string got(static_cast<size_t>(record->size), '?');
        ASSERT_TRUE(files.read(*node, 0, std::as_writable_bytes(std::span(got))));
        EXPECT_TRUE(got == want) << source.path;
        if (record->blocks() > 0) {
            const auto extent = files.extent_at(*record, 0, record->blocks());
            ASSERT_TRUE(extent);
            EXPECT_EQ(extent->count, record->blocks()) << source.path;
        }
    }
    EXPECT_EQ(found, 9u);
}

TEST_F(ImageBuilder, SaysHowManyBlocksAreNeeded)
{
    put("file", std::string(100'000, 'x'));
    const std::string message = message_of(20);
    EXPECT_NE(message.find("30"), message.npos) << message;     // 25 + 1 indirect + 1 root + 3
    EXPECT_EQ(message_of(30), "");
    EXPECT_NE(message_of(29), "");
}

TEST_F(ImageBuilder, RefusesWhatItCannotTake)
{
    put(std::string(128, 'n'), "x");
    EXPECT_NE(message_of(100).find("longer than 127"), std::string::npos);
    host::remove_all(folder_);
    EXPECT_NE(message_of(100).find("no such folder"), std::string::npos);
}

}  // namespace
