// The file system: paths, directories, contents, sizes, full disks and damaged images. After each
// test a check of the whole image holds the bitmap against what the tree of files uses.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "fs/file_system.hh"
#include "fs/memory_store.hh"

namespace {

using namespace fs;

// The same numbers in every run.
class Random {
public:
    explicit Random(unsigned seed) : engine_(seed) {}
    uint32_t operator()() { return static_cast<uint32_t>(engine_()); }

private:
    std::mt19937 engine_;
};

class Image {
public:
    explicit Image(uint32_t blocks)
        : bytes_(size_t{blocks} * block_size, std::byte{0xCC}), store_(bytes_), files_(store_)
    {
        EXPECT_TRUE(FileSystem::format(store_, 1'000));
        EXPECT_TRUE(files_.check_superblock());
        EXPECT_TRUE(files_.check_bitmap());
    }
    ~Image()
    {
        if (!damaged) {
            check_all();
        }
    }

    FileSystem* operator->() { return &files_; }
    FileSystem& operator*() { return files_; }
    Superblock& superblock() { return *reinterpret_cast<Superblock*>(store_.data(1)); }
    uint32_t* numbers(uint32_t block) { return reinterpret_cast<uint32_t*>(store_.data(block)); }
    FileRecord& record_of(const Node& node)
    {
        return reinterpret_cast<FileRecord*>(store_.data(node.place.block))[node.place.slot];
    }
    bool is_marked_free(uint32_t block)
    {
        return (numbers(bitmap_start)[block / 32] >> (block % 32) & 1) != 0;
    }

    // Every block is either free or used exactly once.
    void check_all()
    {
        std::vector<unsigned> uses(files_.block_count());
        for (uint32_t block = 0; block < first_data_block(files_.block_count()); block++) {
            uses[block]++;
        }
        count_file(superblock().root, uses);
        for (uint32_t block = 0; block < files_.block_count(); block++) {
            EXPECT_EQ(uses[block], is_marked_free(block) ? 0u : 1u) << "block " << block;
        }
        const uint32_t free = files_.free_blocks();
        EXPECT_TRUE(files_.check_bitmap());
        EXPECT_EQ(files_.free_blocks(), free);
    }

    bool damaged = false;               // the test broke it: no check at the end

private:
    void count_tree(uint32_t number, unsigned depth, std::vector<unsigned>& uses)
    {
        if (number == 0) {
            return;
        }
        ASSERT_LT(number, uses.size());
        uses[number]++;
        for (uint32_t i = 0; depth > 0 && i < numbers_per_block; i++) {
            count_tree(numbers(number)[i], depth - 1, uses);
        }
    }
    void count_file(const FileRecord& record, std::vector<unsigned>& uses)
    {
        for (const uint32_t number : record.direct) {
            count_tree(number, 0, uses);
        }
        count_tree(record.indirect, 1, uses);
        count_tree(record.double_indirect, 2, uses);
        if (!record.is_directory()) {
            return;
        }
        for (uint32_t i = 0; i < record.blocks(); i++) {
            ASSERT_LT(i, direct_blocks + numbers_per_block);
            const uint32_t block =
                i < direct_blocks ? record.direct[i] : numbers(record.indirect)[i - direct_blocks];
            for (uint32_t slot = 0; slot < records_per_block; slot++) {
                const auto& entry = reinterpret_cast<FileRecord*>(store_.data(block))[slot];
                if (!entry.is_free()) {
                    count_file(entry, uses);
                }
            }
        }
    }

    std::vector<std::byte> bytes_;
    MemoryStore store_;
    FileSystem files_;
};

std::span<const std::byte> bytes_of(const std::string& text)
{
    return std::as_bytes(std::span(text));
}

std::string pattern(size_t size, unsigned seed)
{
    Random random(seed);
    std::string text(size, '\0');
    for (char& c : text) {
        c = static_cast<char>(random());
    }
    return text;
}

Node make(Image& image, const std::string& path, const std::string& contents = "")
{
    auto node = image->create(path, FileType::regular);
    EXPECT_TRUE(node) << path;
    if (node && !contents.empty()) {
        const auto written = image->write(*node, 0, bytes_of(contents));
        EXPECT_TRUE(written && *written == contents.size()) << path;
    }
    return node ? *node : Node{};
}

std::string contents(Image& image, const Node& node)
{
    const auto record = image->record(node);
    EXPECT_TRUE(record);
    std::string text(static_cast<size_t>(record->size), '?');
    const auto size = image->read(node, 0, std::as_writable_bytes(std::span(text)));
    EXPECT_TRUE(size && *size == text.size());
    return text;
}

template <typename T> Error error_of(const Result<T>& result)
{
    EXPECT_FALSE(result);
    return result ? Error::unspecified : result.error();
}

void remove(Image& image, const std::string& path)
{
    auto node = image->lookup(path);
    ASSERT_TRUE(node) << path;
    ASSERT_TRUE(image->unlink(*node)) << path;
    ASSERT_TRUE(image->release(*node)) << path;
}

// Paths

TEST(Path, ResolvesDotsAndNeverLeavesTheRoot)
{
    const auto parse = [](std::string_view text) {
        std::string joined;
        const auto path = Path::parse(text);
        EXPECT_TRUE(path) << text;
        for (const auto name : path->names()) {
            joined += "/" + std::string(name);
        }
        return joined;
    };
    EXPECT_EQ(parse("/"), "");
    EXPECT_EQ(parse("a"), "/a");
    EXPECT_EQ(parse("//a///b/"), "/a/b");
    EXPECT_EQ(parse("/a/./b/../c"), "/a/c");
    EXPECT_EQ(parse("/../../../a"), "/a");
    EXPECT_EQ(parse("/a/.../..b"), "/a/.../..b");
}

TEST(Path, RefusesWhatNoFileCanBeCalled)
{
    EXPECT_EQ(error_of(Path::parse("")), Error::bad_path);
    EXPECT_TRUE(Path::parse("/" + std::string(127, 'x')));
    EXPECT_EQ(error_of(Path::parse("/" + std::string(128, 'x'))), Error::bad_path);
    EXPECT_EQ(error_of(Path::parse(std::string_view("/a\0b", 4))), Error::bad_path);
    EXPECT_EQ(error_of(Path::parse(std::string(1024, '/'))), Error::bad_path);
    std::string deep;
    for (size_t i = 0; i < Path::max_depth; i++) {
        deep += "/d";
    }
    EXPECT_TRUE(Path::parse(deep));
    EXPECT_EQ(error_of(Path::parse(deep + "/d")), Error::bad_path);
}

// Directories

TEST(Directories, CreateFindAndRefuse)
{
    Image image(100);
    EXPECT_TRUE(image->lookup("/"));
    EXPECT_EQ(error_of(image->lookup("/a")), Error::not_found);
    make(image, "/a", "text");
    EXPECT_TRUE(image->lookup("a"));
    EXPECT_EQ(error_of(image->create("/a", FileType::regular)), Error::exists);
    EXPECT_EQ(error_of(image->create("/", FileType::directory)), Error::exists);
    EXPECT_EQ(error_of(image->create("/x/y", FileType::regular)), Error::not_found);
    EXPECT_EQ(error_of(image->create("/a/y", FileType::regular)), Error::not_directory);
    EXPECT_EQ(error_of(image->lookup("/a/y")), Error::not_directory);
    EXPECT_TRUE(image->create("/d", FileType::directory));
    make(image, "/d/b", "more");
    EXPECT_EQ(contents(image, *image->lookup("/d/../d/b")), "more");
}

TEST(Directories, GrowToManyBlocksAndUseFreeSlotsAgain)
{
    Image image(400);
    ASSERT_TRUE(image->create("/d", FileType::directory));
    for (int i = 0; i < 1000; i++) {
        make(image, "/d/file" + std::to_string(i));
    }
    const uint64_t size = image->record(*image->lookup("/d"))->size;
    EXPECT_EQ(size, 63u * block_size);
    for (int i = 0; i < 1000; i += 2) {
        remove(image, "/d/file" + std::to_string(i));
    }
    for (int i = 0; i < 500; i++) {
        make(image, "/d/again" + std::to_string(i));
    }
    EXPECT_EQ(image->record(*image->lookup("/d"))->size, size);
    EXPECT_TRUE(image->lookup("/d/file999"));
    EXPECT_EQ(error_of(image->lookup("/d/file998")), Error::not_found);
}

TEST(Directories, LongNames)
{
    Image image(100);
    const std::string name(127, 'n');
    make(image, "/" + name, "x");
    EXPECT_TRUE(image->lookup("/" + name));
    EXPECT_EQ(error_of(image->lookup("/" + name.substr(1))), Error::not_found);
}

TEST(Directories, OnlyEmptyOnesCanBeRemoved)
{
    Image image(100);
    ASSERT_TRUE(image->create("/d", FileType::directory));
    make(image, "/d/f", "x");
    auto directory = image->lookup("/d");
    EXPECT_EQ(error_of(image->unlink(*directory)), Error::not_empty);
    remove(image, "/d/f");
    remove(image, "/d");
    auto root = image->lookup("/");
    EXPECT_EQ(error_of(image->unlink(*root)), Error::not_permitted);
}

TEST(Directories, Rename)
{
    Image image(100);
    Node file = make(image, "/a", "text");
    ASSERT_TRUE(image->create("/d", FileType::directory));
    const auto rename = [&image](Node& node, std::string_view to) {
        Node replaced = image->lookup(to).value_or(Node{});
        return image->rename(node, to, replaced);
    };
    EXPECT_EQ(error_of(rename(file, "/none/a")), Error::not_found);
    ASSERT_TRUE(rename(file, "/d/b"));
    EXPECT_EQ(contents(image, file), "text");
    EXPECT_EQ(error_of(image->lookup("/a")), Error::not_found);
    EXPECT_EQ(contents(image, *image->lookup("/d/b")), "text");
    EXPECT_TRUE(rename(file, "/d/b"));           // to itself

    Node directory = *image->lookup("/d");
    EXPECT_EQ(error_of(rename(directory, "/d/d")), Error::bad_path);
    EXPECT_EQ(error_of(rename(directory, "/")), Error::bad_path);
    ASSERT_TRUE(rename(directory, "/e"));
    EXPECT_EQ(contents(image, *image->lookup("/e/b")), "text");
    EXPECT_EQ(contents(image, file), "text");
}

TEST(Directories, RenameReplacesWhatIsThere)
{
    Image image(100);
    Node file = make(image, "/a", "new");
    Node old = make(image, "/b", "old");
    ASSERT_TRUE(image->create("/d", FileType::directory));
    ASSERT_TRUE(image->create("/empty", FileType::directory));
    make(image, "/d/f");
    Node directory = *image->lookup("/d"), empty = *image->lookup("/empty");
    EXPECT_EQ(error_of(image->rename(file, "/d", directory)), Error::is_directory);
    EXPECT_EQ(error_of(image->rename(directory, "/b", old)), Error::not_directory);
    EXPECT_EQ(error_of(image->rename(empty, "/d", directory)), Error::not_empty);

    ASSERT_TRUE(image->rename(file, "/b", old));
    EXPECT_EQ(error_of(image->lookup("/a")), Error::not_found);
    EXPECT_EQ(contents(image, *image->lookup("/b")), "new");
    EXPECT_EQ(contents(image, file), "new");
    EXPECT_FALSE(old.linked);
    EXPECT_EQ(contents(image, old), "old");     // whoever has it open can go on reading
    ASSERT_TRUE(image->release(old));

    ASSERT_TRUE(image->rename(directory, "/empty", empty));
    ASSERT_TRUE(image->release(empty));
    EXPECT_TRUE(image->lookup("/empty/f"));
}

// Contents

TEST(Contents, AcrossEveryKindOfBlockNumber)
{
    Image image(1400);
    const std::string text = pattern(size_t{1200} * block_size + 123, 1);
    const Node node = make(image, "/big", text);
    EXPECT_EQ(contents(image, node), text);
    EXPECT_NE(image.record_of(node).indirect, 0u);
    EXPECT_NE(image.record_of(node).double_indirect, 0u);
    remove(image, "/big");
}

TEST(Contents, SmallWritesAnywhereMatchAModel)
{
    Image image(3000);
    Node node = make(image, "/f");
    std::string model;
    Random random(7);
    for (int step = 0; step < 2000; step++) {
        const size_t offset = random() % (size_t{1100} * block_size);
        if (random() % 10 == 0) {
            ASSERT_TRUE(image->set_size(node, offset));
            model.resize(offset, '\0');
            continue;
        }
        const std::string text = pattern(1 + random() % 9000, random());
        const auto written = image->write(node, offset, bytes_of(text));
        ASSERT_TRUE(written && *written == text.size());
        model.resize(std::max(model.size(), offset + text.size()), '\0');
        model.replace(offset, text.size(), text);
    }
    EXPECT_EQ(contents(image, node), model);
    remove(image, "/f");
}

TEST(Contents, HolesReadAsZerosAndTakeNoRoom)
{
    Image image(100);
    Node node = make(image, "/f");
    const uint32_t free = image->free_blocks();
    ASSERT_TRUE(image->set_size(node, 50'000'000));
    EXPECT_EQ(image->free_blocks(), free);
    std::string text(5000, 'x');
    const auto size = image->read(node, 49'000'000, std::as_writable_bytes(std::span(text)));
    ASSERT_TRUE(size);
    EXPECT_EQ(text, std::string(5000, '\0'));
    const auto extent = image->extent_at(*image->record(node), 100, 20);
    ASSERT_TRUE(extent);
    EXPECT_EQ(extent->first, 0u);
    EXPECT_EQ(extent->count, 20u);
}

TEST(Contents, WhatWasCutOffDoesNotComeBack)
{
    Image image(100);
    Node node = make(image, "/f", std::string(10'000, 'x'));
    ASSERT_TRUE(image->set_size(node, 100));
    ASSERT_TRUE(image->set_size(node, 10'000));
    EXPECT_EQ(contents(image, node), std::string(100, 'x') + std::string(9'900, '\0'));
}

TEST(Contents, LimitsOfSizes)
{
    Image image(100);
    Node node = make(image, "/f");
    const std::string text = "0123456789";
    EXPECT_EQ(error_of(image->set_size(node, max_file_bytes + 1)), Error::too_big);
    EXPECT_EQ(error_of(image->write(node, max_file_bytes - 9, bytes_of(text))), Error::too_big);
    EXPECT_EQ(error_of(image->write(node, ~uint64_t{0} - 3, bytes_of(text))), Error::too_big);
    const auto written = image->write(node, max_file_bytes - 10, bytes_of(text));
    ASSERT_TRUE(written);
    EXPECT_EQ(image->record(node)->size, max_file_bytes);
    Node root = *image->lookup("/");
    EXPECT_EQ(error_of(image->write(root, 0, bytes_of(text))), Error::is_directory);
    EXPECT_EQ(error_of(image->set_size(root, 0)), Error::is_directory);
}

TEST(Contents, PreallocatedFilesAreOnePiece)
{
    Image image(1500);
    Node node = make(image, "/f");
    ASSERT_TRUE(image->preallocate(node, uint64_t{1300} * block_size));
    const auto extent = image->extent_at(*image->record(node), 0, 1300);
    ASSERT_TRUE(extent);
    EXPECT_EQ(extent->count, 1300u);
    EXPECT_EQ(contents(image, node), std::string(size_t{1300} * block_size, '\0'));
}

TEST(Contents, ARemovedFileLivesUntilItIsReleased)
{
    Image image(100);
    Node node = make(image, "/f", "still there");
    ASSERT_TRUE(image->unlink(node));
    EXPECT_EQ(error_of(image->lookup("/f")), Error::not_found);
    make(image, "/g", "takes the slot");
    EXPECT_EQ(contents(image, node), "still there");
    ASSERT_TRUE(image->write(node, 0, bytes_of("STILL")));
    EXPECT_EQ(contents(image, node), "STILL there");
    EXPECT_EQ(error_of(image->unlink(node)), Error::not_found);
    ASSERT_TRUE(image->release(node));
}

// Full disks

TEST(FullDisk, ShortWriteThenErrorThenRoomAgain)
{
    for (uint32_t blocks = 6; blocks < 40; blocks++) {
        Image image(blocks);
        Node node = make(image, "/f");
        const std::string text = pattern(size_t{60} * block_size, 3);
        const auto written = image->write(node, 0, bytes_of(text));
        if (image->record(node)->size == 0) {
            EXPECT_EQ(error_of(written), Error::no_disk);
        } else {
            ASSERT_TRUE(written);
            EXPECT_LT(*written, text.size());
            EXPECT_EQ(contents(image, node), text.substr(0, *written));
            EXPECT_EQ(error_of(image->write(node, *written, bytes_of("x"))), Error::no_disk);
        }
        EXPECT_LE(image->free_blocks(), 1u);
        image.check_all();
        remove(image, "/f");
        image.check_all();
    }
}

TEST(FullDisk, NoRoomForADirectoryEntry)
{
    Image image(20);
    Node big = make(image, "/big");
    static_cast<void>(image->write(big, 0, bytes_of(pattern(size_t{20} * block_size, 1))));
    while (image->free_blocks() > 0) {
        const auto more = image->write(big, image->record(big)->size, bytes_of("more"));
        if (!more) {
            break;
        }
    }
    Error last = Error::unspecified;
    for (int i = 0; i < 40 && last == Error::unspecified; i++) {
        const auto made = image->create("/n" + std::to_string(i), FileType::regular);
        if (!made) {
            last = made.error();
            EXPECT_EQ(i, 15);                   // the root's block has 16 records
        }
    }
    EXPECT_EQ(last, Error::no_disk);
}

TEST(FullDisk, PreallocateTakesAllOrNothing)
{
    Image image(50);
    Node node = make(image, "/f");
    const uint32_t free = image->free_blocks();
    EXPECT_EQ(error_of(image->preallocate(node, uint64_t{60} * block_size)), Error::no_disk);
    EXPECT_EQ(image->free_blocks(), free);
}

// Damaged images

TEST(Damage, SuperblocksThatCannotBe)
{
    const auto broken = [](auto damage) {
        Image image(100);
        image.damaged = true;
        damage(image.superblock());
        EXPECT_EQ(error_of(image->check_superblock()), Error::corrupt);
    };
    broken([](Superblock& s) { s.magic[0] = 'X'; });
    broken([](Superblock& s) { s.version = 1; });
    broken([](Superblock& s) { s.block_bytes = 1024; });
    broken([](Superblock& s) { s.block_count = 101; });
    broken([](Superblock& s) { s.block_count = 0; });
    broken([](Superblock& s) { s.block_count = 3; });
    broken([](Superblock& s) { s.block_count = ~0u; });
    broken([](Superblock& s) { s.bitmap_blocks = 2; });
    broken([](Superblock& s) { s.root.type = FileType::regular; });
    broken([](Superblock& s) { s.root.type = static_cast<FileType>(7); });
    broken([](Superblock& s) { s.root.size = 100; });
    broken([](Superblock& s) { s.root.size = ~uint64_t{0}; });
    broken([](Superblock& s) { s.root.name.fill('x'); });
}

TEST(Damage, BitmapsThatCannotBe)
{
    for (const uint32_t block : {0u, 1u, 2u, 100u, 4000u, 32767u}) {
        Image image(100);
        image.damaged = true;
        image.numbers(bitmap_start)[block / 32] |= 1u << (block % 32);
        EXPECT_EQ(error_of(image->check_bitmap()), Error::corrupt) << block;
    }
}

TEST(Damage, BlockNumbersOutsideTheFiles)
{
    std::string buffer(size_t{1100} * block_size, '\0');
    for (const uint32_t number : {1u, 2u, 1500u, 0x80000000u, ~0u}) {
        Image image(1500);
        image.damaged = true;
        Node node = make(image, "/f", pattern(size_t{1100} * block_size, 1));
        const auto read_all = [&] {
            return image->read(node, 0, std::as_writable_bytes(std::span(buffer)));
        };
        FileRecord& record = image.record_of(node);
        const FileRecord whole = record;
        record.direct[3] = number;
        EXPECT_EQ(error_of(read_all()), Error::corrupt);
        EXPECT_EQ(error_of(image->write(node, 3 * block_size, bytes_of("x"))), Error::corrupt);
        record = whole;
        record.indirect = number;
        EXPECT_EQ(error_of(read_all()), Error::corrupt);
        record = whole;
        record.double_indirect = number;
        EXPECT_EQ(error_of(read_all()), Error::corrupt);
        EXPECT_EQ(error_of(image->set_size(node, 0)), Error::corrupt);
        record = whole;
        image.numbers(whole.indirect)[5] = number;
        EXPECT_EQ(error_of(read_all()), Error::corrupt);
        EXPECT_FALSE(image->release(node) && image->set_size(node, 0));
    }
}

TEST(Damage, BlockNumbersInCircles)
{
    Image image(1500);
    image.damaged = true;
    Node node = make(image, "/f", pattern(size_t{1100} * block_size, 1));
    FileRecord& record = image.record_of(node);
    image.numbers(record.indirect)[0] = record.indirect;
    image.numbers(record.double_indirect)[0] = record.double_indirect;
    contents(image, node);                      // ends, whatever it shows
    EXPECT_EQ(error_of(image->set_size(node, 0)), Error::corrupt);
    EXPECT_EQ(image->check_bitmap(), Result<void>());
}

TEST(Damage, RecordsThatCannotBe)
{
    const auto broken = [](auto damage) {
        Image image(100);
        image.damaged = true;
        Node node = make(image, "/f", "text");
        damage(image.record_of(node));
        EXPECT_EQ(error_of(image->record(node)), Error::corrupt);
        EXPECT_EQ(error_of(image->write(node, 0, bytes_of("x"))), Error::corrupt);
        EXPECT_EQ(error_of(image->unlink(node)), Error::corrupt);
    };
    broken([](FileRecord& r) { r.size = max_file_bytes + 1; });
    broken([](FileRecord& r) { r.type = static_cast<FileType>(2); });
    broken([](FileRecord& r) { r.name.fill('x'); });
    broken([](FileRecord& r) { r.type = FileType::directory; });        // of 4 bytes
    broken([](FileRecord& r) { r.name[0] = '\0'; });
}

TEST(Damage, ADirectoryThatHoldsItself)
{
    Image image(100);
    image.damaged = true;
    Node directory = *image->create("/d", FileType::directory);
    make(image, "/d/f", "x");
    FileRecord& record = image.record_of(directory);
    const FileRecord copy = record;
    auto* inside = reinterpret_cast<FileRecord*>(image.numbers(copy.direct[0]));
    inside[1] = copy;
    std::string path;
    for (int i = 0; i < 60; i++) {
        path += "/d";
    }
    EXPECT_TRUE(image->lookup(path + "/f"));
    EXPECT_EQ(error_of(image->lookup(path + "/g")), Error::not_found);
}

TEST(Damage, RandomBytesNeverLeadOutsideTheImage)
{
    Random random(11);
    for (int round = 0; round < 300; round++) {
        Image image(64);
        image.damaged = true;
        ASSERT_TRUE(image->create("/d", FileType::directory));
        for (int i = 0; i < 5; i++) {
            make(image, "/d/" + std::to_string(i), pattern(random() % 40'000, random()));
        }
        for (int i = 0; i < 30; i++) {
            const uint32_t block = 1 + random() % 20;
            image.numbers(block)[random() % 1024] = random() % 3 == 0 ? random() : random() % 80;
        }
        if (!image->check_superblock() || !image->check_bitmap()) {
            continue;
        }
        std::string buffer(50'000, '\0');
        for (int i = 0; i < 6; i++) {
            auto node = image->lookup("/d/" + std::to_string(i));
            if (!node) {
                continue;
            }
            static_cast<void>(image->read(*node, 0, std::as_writable_bytes(std::span(buffer))));
            static_cast<void>(image->write(*node, random() % 60'000, bytes_of(buffer)));
            static_cast<void>(image->set_size(*node, random() % 100'000));
            if (image->unlink(*node)) {
                static_cast<void>(image->release(*node));
            }
        }
    }
}

}  // namespace
