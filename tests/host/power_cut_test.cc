// What is left of a file system when the power goes. The file system works on its cache and journal
// over a disk that keeps writes in a memory of its own until it is told to flush, and that dies
// after each N-th block in turn. What it kept is then on the disk or not, block by block. The image
// must come up as it was after one of the last steps, none of them before the last flush.
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "fs/file_system.hh"
#include "fs/memory_store.hh"
#include "fs/tools/image_check.hh"
#include "tests/host/memory_disk.hh"

namespace {

using namespace fs;

constexpr uint32_t disk_blocks = 560;
constexpr uint32_t cache_slots = 96;

using Image = std::vector<std::byte>;

// A disk with a memory of its own, and a power supply that lasts for so many blocks.
class DyingDisk final : public Disk {
public:
    DyingDisk(const Image& image, uint32_t blocks_to_live)
        : durable_(image), seen_(image), left_(blocks_to_live)
    {
    }
    uint32_t block_count() const override { return disk_blocks; }
    Result<void> read(uint32_t first, uint32_t count, std::byte* to) override
    {
        std::copy_n(at(seen_, first), size_t{count} * block_size, to);
        return {};
    }
    Result<void> write(uint32_t first, uint32_t count, const std::byte* from) override
    {
        for (uint32_t i = 0; i < count; i++) {
            if (left_ == 0) {
                return Error::io;
            }
            left_--;
            written_++;
            std::copy_n(from + size_t{i} * block_size, block_size, at(seen_, first + i));
            kept_.push_back({first + i, {at(seen_, first + i), at(seen_, first + i) + block_size}});
        }
        return {};
    }
    Result<void> flush() override
    {
        if (left_ == 0) {
            return Error::io;
        }
        for (const Kept& block : kept_) {
            std::ranges::copy(block.contents, at(durable_, block.number));
        }
        kept_.clear();
        return {};
    }

    uint32_t written() const { return written_; }

    // What is on the disk after the power went: of what it kept, only some.
    Image image_after_cut(unsigned seed) const
    {
        Image image = durable_;
        std::mt19937 random(seed);
        for (const Kept& block : kept_) {
            if (random() % 2 == 0) {
                std::ranges::copy(block.contents, at(image, block.number));
            }
        }
        return image;
    }

private:
    struct Kept {
        uint32_t number = 0;
        std::vector<std::byte> contents;
    };
    static std::byte* at(Image& image, uint32_t block)
    {
        return image.data() + size_t{block} * block_size;
    }

    Image durable_, seen_;
    std::vector<Kept> kept_;
    uint32_t left_ = 0, written_ = 0;
};

// Paths and contents; those of directories end with a slash and have none.
using Tree = std::map<std::string, std::string>;

std::string pattern(size_t size, unsigned seed)
{
    std::mt19937 random(seed);
    std::string text(size, '\0');
    for (char& c : text) {
        c = static_cast<char>('a' + random() % 26);
    }
    return text;
}

// A running file system, and what it should look like.
class System {
public:
    System(const Image& image, uint32_t blocks_to_live)
        : disk_(image, blocks_to_live), memory_(disk_blocks), slots_(cache_slots),
          buckets_(cache_slots), scratch_(cache_slots), waiting_((disk_blocks + 31) / 32),
          buffer_(journal_blocks_for(disk_blocks) * block_size)
    {
        cache_.open(disk_, memory_, slots_, buckets_, scratch_);
        EXPECT_TRUE(files_.check_superblock());
        cache_.use_journal(disk_blocks, buffer_, waiting_);
        EXPECT_TRUE(files_.check_bitmap());
        states_.push_back({});
    }

    // Each changes the file system and what is expected; false: the disk has died.
    bool create(const std::string& path)
    {
        return step([&] { return files_.create(path, FileType::regular).has_value(); },
                    [&](Tree& tree) { tree[path] = ""; });
    }
    bool make_directory(const std::string& path)
    {
        return step([&] { return files_.create(path, FileType::directory).has_value(); },
                    [&](Tree& tree) { tree[path + "/"] = ""; });
    }
    bool write(const std::string& path, size_t offset, const std::string& text)
    {
        return step([&] {
            auto node = files_.lookup(path);
            const auto done = node ? files_.write(*node, offset, std::as_bytes(std::span(text)))
                                   : Result<size_t>(node.error());
            return done && *done == text.size();
        }, [&](Tree& tree) {
            std::string& old = tree[path];
            old.resize(std::max(old.size(), offset + text.size()), '\0');
            old.replace(offset, text.size(), text);
        });
    }
    bool set_size(const std::string& path, size_t size)
    {
        return step([&] {
            auto node = files_.lookup(path);
            return node && files_.set_size(*node, size);
        }, [&](Tree& tree) { tree[path].resize(size, '\0'); });
    }
    bool remove(const std::string& path)
    {
        return step([&] {
            auto node = files_.lookup(path);
            return node && files_.unlink(*node) && files_.release(*node);
        }, [&](Tree& tree) { tree.erase(path); });
    }
    bool rename(const std::string& from, const std::string& to)
    {
        return step([&] {
            auto node = files_.lookup(from);
            Node replaced = files_.lookup(to).value_or(Node{});
            return node && files_.rename(*node, to, replaced)
                && (replaced.linked || files_.release(replaced));
        }, [&](Tree& tree) {
            tree[to] = tree[from];
            tree.erase(from);
        });
    }
    bool flush()
    {
        if (!cache_.flush()) {
            return false;
        }
        states_.erase(states_.begin(), states_.end() - 1);
        return true;
    }

    const DyingDisk& disk() const { return disk_; }
    const std::vector<Tree>& states() const { return states_; }     // since the last flush

private:
    // What a step that dies has changed in memory never reaches the disk: only flushes do that, and
    // they come before the step.
    bool step(const std::function<bool()>& work, const std::function<void(Tree&)>& note)
    {
        if (!files_.prepare_change() || !work()) {
            return false;
        }
        states_.push_back(states_.back());
        note(states_.back());
        return true;
    }

    DyingDisk disk_;
    ArrayMemory memory_;
    std::vector<BlockCache::Slot> slots_;
    std::vector<uint32_t> buckets_, scratch_, waiting_;
    std::vector<std::byte> buffer_;
    BlockCache cache_;
    FileSystem files_{cache_};
    std::vector<Tree> states_;
};

// What a recovered image holds, as far as `tree` says what to look for.
bool holds(FileSystem& files, const Tree& tree, const CheckReport& report)
{
    size_t directories = 1;
    for (const auto& [path, text] : tree) {
        const auto node = files.lookup(path);
        const auto record = node ? files.record(*node) : Result<FileRecord>(node.error());
        const bool wants_directory = path.back() == '/';
        directories += wants_directory ? 1 : 0;
        if (!record || record->is_directory() != wants_directory) {
            return false;
        }
        std::string is(wants_directory ? 0 : static_cast<size_t>(record->size), '?');
        if (!files.read(*node, 0, std::as_writable_bytes(std::span(is))) || is != text) {
            return false;
        }
    }
    return report.directories == directories && report.files + directories == tree.size() + 1;
}

Image formatted()
{
    Image image(size_t{disk_blocks} * block_size);
    MemoryStore store(image);
    EXPECT_TRUE(FileSystem::format(store, 1'000));
    return image;
}

// Brings the image up as the server and `fstool check --repair` do; returns whether it is as after
// one of the steps.
void check_recovery(Image image, const std::vector<Tree>& states)
{
    MemoryStore store(image);
    FileSystem files(store);
    ASSERT_TRUE(files.check_superblock());
    ASSERT_TRUE(replay_journal(store, files.block_count()));
    const CheckReport report = check_image(store);
    for (const Problem& problem : report.problems) {
        EXPECT_EQ(problem.kind, ProblemKind::lost) << problem.text;
    }
    repair_bitmap(store);
    ASSERT_TRUE(clear_journal(store, files.block_count()));
    EXPECT_EQ(check_image(store).problem_count, 0u);
    ASSERT_TRUE(files.check_bitmap());
    EXPECT_TRUE(std::ranges::any_of(
        states, [&](const Tree& tree) { return holds(files, tree, report); }))
        << "the image is not as after any step since the last flush";
}

// Runs `work` with a power supply for 0, 1, 2 ... blocks, or fewer numbers where these are many,
// until it comes to its end.
void cut_everywhere(const Image& image, const std::function<bool(System&)>& work,
                    uint32_t distance = 1)
{
    constexpr uint32_t enough = 10'000;         // for any of the tests
    bool finished = false;
    for (uint32_t blocks = 0; !finished && blocks < enough && !testing::Test::HasFailure();
         blocks += distance) {
        System system(image, blocks);
        finished = work(system);
        for (unsigned seed = 0; seed < 2; seed++) {
            SCOPED_TRACE("the power went after " + std::to_string(blocks) + " blocks");
            check_recovery(system.disk().image_after_cut(blocks * 2 + seed), system.states());
        }
    }
    EXPECT_TRUE(finished);
}

bool make_files(System& system)
{
    return system.create("/a") && system.write("/a", 0, pattern(9'000, 1)) && system.flush()
        && system.make_directory("/d") && system.create("/d/b")
        && system.write("/d/b", 0, pattern(70'000, 2)) && system.write("/a", 9'000, pattern(500, 3))
        && system.flush() && system.create("/c") && system.write("/c", 0, pattern(100, 4))
        && system.flush();
}

TEST(PowerCut, FilesThatAreMade)
{
    cut_everywhere(formatted(), make_files);
}

TEST(PowerCut, AFileIsReplacedByRename)
{
    cut_everywhere(formatted(), [](System& system) {
        for (unsigned round = 0; round < 4; round++) {
            const bool good = system.create("/new")
                && system.write("/new", 0, pattern(6'000, round)) && system.flush()
                && system.rename("/new", "/config") && system.flush();
            if (!good) {
                return false;
            }
        }
        return true;
    });
}

TEST(PowerCut, BlocksAreUsedAgain)
{
    cut_everywhere(formatted(), [](System& system) {
        return make_files(system) && system.remove("/a") && system.create("/e")
            && system.write("/e", 0, pattern(50'000, 5)) && system.set_size("/d/b", 5'000)
            && system.write("/c", 100, pattern(60'000, 6)) && system.flush()
            && system.set_size("/c", 0) && system.write("/c", 0, pattern(3'000, 7))
            && system.set_size("/d/b", 45'000) && system.write("/d/b", 6'000, pattern(10, 8))
            && system.flush() && system.remove("/d/b") && system.remove("/e") && system.flush();
    });
}

// Files of more than the cache holds, so that it writes on its own, on a disk that is nearly full.
TEST(PowerCut, MoreThanTheCacheHolds)
{
    cut_everywhere(formatted(), [](System& system) {
        const auto fill = [&system](const std::string& path) {
            bool good = system.create(path);
            for (unsigned i = 0; good && i < 20; i++) {
                good = system.write(path, i * 65'536, pattern(65'536, i));
            }
            return good;
        };
        return fill("/big") && system.flush() && system.remove("/big") && fill("/again")
            && system.flush();
    }, 23);
}

// A mixture, chosen by chance, the same in every run.
TEST(PowerCut, ManyRandomSteps)
{
    cut_everywhere(formatted(), [](System& system) {
        std::mt19937 random(12);
        for (unsigned i = 0; i < 120; i++) {
            const Tree& tree = system.states().back();
            const std::string name = "/f" + std::to_string(random() % 5);
            const std::string other = "/f" + std::to_string(random() % 5);
            const bool is_there = tree.contains(name);
            const size_t size = is_there ? tree.at(name).size() : 0;
            bool good = true;
            switch (random() % 7) {
            case 0: good = system.flush(); break;
            case 1: good = !is_there || name == other || system.rename(name, other); break;
            case 2: good = !is_there || system.remove(name); break;
            case 3: good = !is_there || system.set_size(name, random() % 60'000); break;
            default:
                good = (is_there || system.create(name))
                    && system.write(name, size + random() % 3 * 2'000,
                                    pattern(1 + random() % 9'000, i));
            }
            if (!good) {
                return false;
            }
        }
        return system.flush();
    }, 5);
}

TEST(Journal, OneThatWouldWriteWhereItMayNotIsIgnored)
{
    constexpr uint32_t wrong[] = {0, journal_start(disk_blocks), first_data_block(disk_blocks) - 1,
                                  disk_blocks, ~0u};
    std::vector<std::byte> buffer(journal_blocks_for(disk_blocks) * block_size);
    const std::vector<std::byte> contents(block_size, std::byte{'x'});
    const auto replayed = [&](uint32_t target) {
        MemoryDisk disk(disk_blocks);
        Journal journal;
        journal.open(disk, disk_blocks, buffer);
        for (const uint32_t number : {first_data_block(disk_blocks), target}) {
            journal.add(number, std::span(contents).first<block_size>());
        }
        EXPECT_TRUE(journal.write());
        MemoryStore store({disk.data(0), size_t{disk_blocks} * block_size});
        const auto count = replay_journal(store, disk_blocks);
        return count.value_or(99);
    };
    EXPECT_EQ(replayed(superblock_number), 2u);
    for (const uint32_t target : wrong) {
        EXPECT_EQ(replayed(target), 0u) << target;
    }
}

}  // namespace
