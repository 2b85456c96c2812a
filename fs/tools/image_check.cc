#include "fs/tools/image_check.hh"

#include <algorithm>
#include <deque>
#include <set>

#include "fs/file_system.hh"
#include "fs/tools/quote.hh"

namespace fs {
namespace {

// Who has a block: an index into the list of paths, or one of these.
constexpr uint32_t nobody = ~0u;
constexpr uint32_t file_system_itself = ~1u;

std::string block_text(uint32_t number)
{
    return "block " + std::to_string(number);
}

// Why a superblock is refused, if that can be told from itself.
std::string describe_superblock(const Superblock& superblock, uint32_t blocks_there)
{
    if (superblock.magic != superblock_magic) {
        return "is not there: this is no image of ours, or its block 1 was overwritten";
    }
    if (superblock.version != format_version) {
        return "is of version " + std::to_string(superblock.version) + ", known is "
            + std::to_string(format_version);
    }
    if (superblock.block_count > blocks_there) {
        return "counts " + std::to_string(superblock.block_count) + " blocks, the image has "
            + std::to_string(blocks_there) + ": it was cut off";
    }
    return "has sizes or a root directory that cannot be right";
}

class Checker final : BlockVisitor {
public:
    Checker(BlockStore& store, CheckReport& report)
        : store_(store), files_(store), report_(report)
    {
    }

    // False: the superblock is no use.
    bool open()
    {
        const auto checked = files_.check_superblock();
        if (checked) {
            report_.block_count = files_.block_count();
            return true;
        }
        const auto block = store_.read(superblock_number);
        complain(ProblemKind::superblock, "", superblock_number,
                 "the superblock "
                     + (block ? describe_superblock(block->item<Superblock>(0),
                                                    store_.block_count())
                              : "cannot be read: the image is too small"));
        return false;
    }

    // Finds out who has each block, and what is wrong with files and directories.
    void walk()
    {
        owners_.assign(files_.block_count(), nobody);
        std::fill_n(owners_.begin(), first_data_block(files_.block_count()), file_system_itself);
        const auto root = files_.record({root_place, true, {}});
        check_file({*root, "/", superblock_number, 0});     // check_superblock has seen it
        while (!directories_.empty()) {
            const Found directory = directories_.front();
            directories_.pop_front();
            check_directory(directory);
        }
    }

    void compare_bitmap()
    {
        for (uint32_t number = 0; number < end_of_bitmap();) {
            const Verdict verdict = verdict_on(number);
            const uint32_t first = number;
            do {
                number++;
            } while (number < end_of_bitmap() && verdict_on(number) == verdict);
            report_verdict(verdict, first, number - 1);
        }
        report_.used_blocks = static_cast<uint32_t>(
            files_.block_count() - std::ranges::count(owners_, nobody));
        report_.free_blocks = files_.block_count() - report_.used_blocks;
    }

    void write_bitmap(bool may_free)
    {
        for (uint32_t number = 0; number < end_of_bitmap(); number++) {
            const Verdict verdict = verdict_on(number);
            if (verdict.kind == Verdict::marked_free || (verdict.kind == Verdict::lost && may_free)) {
                static_cast<void>(files_.set_free(number, verdict.kind == Verdict::lost));
            }
        }
    }

private:
    struct Found {
        FileRecord record;
        std::string path;
        uint32_t block = 0;             // that its record is in
        size_t depth = 0;
    };
    // What the bitmap's word on a block is worth.
    struct Verdict {
        enum Kind { right, marked_free, lost } kind = right;
        uint32_t owner = nobody;        // of a block that is marked as free
        bool operator==(const Verdict&) const = default;
    };

    void complain(ProblemKind kind, const std::string& path, uint32_t block,
                  const std::string& text)
    {
        report_.problem_count++;
        report_.fixable += kind == ProblemKind::lost || kind == ProblemKind::marked_free ? 1 : 0;
        if (report_.problems.size() < CheckReport::max_kept) {
            report_.problems.push_back(
                {kind, path, block, path.empty() ? text : quote(path) + ": " + text});
        }
    }

    std::string owner_text(uint32_t owner) const
    {
        return owner == file_system_itself ? "the file system itself" : quote(paths_[owner]);
    }

    void check_file(const Found& found)
    {
        (found.record.is_directory() ? report_.directories : report_.files)++;
        current_ = &found;
        paths_.push_back(found.path);
        leaves_.clear();
        last_block_ = 0;
        static_cast<void>(files_.visit_blocks(found.record, *this));    // blocks are in memory
        check_end(found);
        if (found.record.is_directory() && !leaves_.empty()) {
            if (found.depth < Path::max_depth) {
                directories_.push_back(found);
                directory_blocks_.push_back(leaves_);
            } else {
                complain(ProblemKind::bad_record, found.path, found.block,
                         "lies deeper than any path can lead");
            }
        }
    }

    bool visit(uint32_t number, uint32_t index, unsigned depth, bool possible) override
    {
        const std::string what = depth > 0 ? "numbers of blocks" : "contents";
        if (!possible) {
            complain(ProblemKind::bad_number, current_->path, number,
                     block_text(number) + " cannot hold its " + what + ": files have blocks "
                         + std::to_string(first_data_block(files_.block_count())) + " to "
                         + std::to_string(files_.block_count() - 1));
            return false;
        }
        uint32_t& owner = owners_[number];
        if (owner != nobody) {
            complain(ProblemKind::used_twice, current_->path, number,
                     block_text(number) + " is used a second time, first by "
                         + owner_text(owner));
            return false;
        }
        owner = static_cast<uint32_t>(paths_.size() - 1);
        if (index >= current_->record.blocks()) {
            complain(ProblemKind::beyond_end, current_->path, number,
                     block_text(number) + " (" + what + ") lies beyond its end");
        } else if (depth == 0) {
            leaves_.push_back(number);
            last_block_ = index + 1 == current_->record.blocks() ? number : last_block_;
        }
        return true;
    }

    // Behind the end, the last block must be zero: a file that grows would show it.
    void check_end(const Found& found)
    {
        const size_t used = static_cast<size_t>(found.record.size % block_size);
        if (last_block_ == 0 || used == 0) {
            return;
        }
        const auto block = store_.read(last_block_);
        if (block && std::ranges::any_of(block->bytes().subspan(used),
                                         [](std::byte byte) { return byte != std::byte{0}; })) {
            complain(ProblemKind::bytes_after_end, found.path, last_block_,
                     block_text(last_block_) + " holds bytes after its end that are not zero");
        }
    }

    void check_directory(const Found& directory)
    {
        const std::vector<uint32_t> blocks = std::move(directory_blocks_.front());
        directory_blocks_.pop_front();
        std::set<std::string> names;
        for (const uint32_t number : blocks) {
            const auto block = store_.read(number);
            for (uint32_t slot = 0; block && slot < records_per_block; slot++) {
                check_entry(directory, block->item<FileRecord>(slot), number, names);
            }
        }
    }

    void check_entry(const Found& directory, const FileRecord& record, uint32_t block,
                     std::set<std::string>& names)
    {
        if (record.is_free()) {
            return;
        }
        const std::string name(record.name.begin(), std::ranges::find(record.name, '\0'));
        const std::string path = (directory.depth == 0 ? "" : directory.path) + "/" + name;
        if (!is_sane(record)) {
            complain(ProblemKind::bad_record, path, block,
                     "its record, in " + block_text(block) + ", cannot be right (size "
                         + std::to_string(record.size) + ", type "
                         + std::to_string(static_cast<uint32_t>(record.type)) + ")");
            return;
        }
        if (!is_valid_name(name)) {
            complain(ProblemKind::bad_name, path, block,
                     "no path can have this name (its record is in " + block_text(block) + ")");
        } else if (!names.insert(name).second) {
            complain(ProblemKind::bad_name, path, block,
                     "is there twice; the second record is in " + block_text(block));
        }
        check_file({record, path, block, directory.depth + 1});
    }

    uint32_t end_of_bitmap() const
    {
        return bitmap_blocks_for(files_.block_count()) * blocks_per_bitmap_block;
    }

    Verdict verdict_on(uint32_t number)
    {
        const auto is_free = files_.is_free(number);
        const bool exists = number < owners_.size();
        const uint32_t owner = exists ? owners_[number] : file_system_itself;
        if (is_free && *is_free && owner != nobody) {
            return {Verdict::marked_free, owner};
        }
        if (is_free && !*is_free && owner == nobody) {
            return {Verdict::lost, nobody};
        }
        return {};
    }

    void report_verdict(Verdict verdict, uint32_t first, uint32_t last)
    {
        const std::string blocks = first == last
            ? block_text(first) + " is "
            : "blocks " + std::to_string(first) + " to " + std::to_string(last) + " are ";
        if (verdict.kind == Verdict::lost) {
            complain(ProblemKind::lost, "", first, blocks + "lost: no file has it, and the bitmap "
                     "says it is in use");
        } else if (verdict.kind == Verdict::marked_free && first >= files_.block_count()) {
            complain(ProblemKind::marked_free, "", first,
                     blocks + "free by the bitmap, beyond the image's end");
        } else if (verdict.kind == Verdict::marked_free) {
            const bool is_file = verdict.owner != file_system_itself;
            complain(ProblemKind::marked_free, is_file ? paths_[verdict.owner] : "", first,
                     blocks + "free by the bitmap"
                         + (is_file ? ", but in use here" : ", but the file system's own"));
        }
    }

    BlockStore& store_;
    FileSystem files_;
    CheckReport& report_;
    std::vector<uint32_t> owners_{};            // of each block
    std::vector<std::string> paths_{};
    std::deque<Found> directories_{};           // to be looked at, with the blocks of each
    std::deque<std::vector<uint32_t>> directory_blocks_{};

    const Found* current_ = nullptr;            // the file that visit() is about
    std::vector<uint32_t> leaves_{};            // its blocks of contents
    uint32_t last_block_ = 0;                   // the one that its end is in; 0: none
};

}  // namespace

CheckReport check_image(BlockStore& store)
{
    CheckReport report;
    Checker checker(store, report);
    if (checker.open()) {
        checker.walk();
        checker.compare_bitmap();
    }
    return report;
}

void repair_bitmap(BlockStore& store)
{
    CheckReport report;
    Checker checker(store, report);
    if (checker.open()) {
        checker.walk();
        checker.write_bitmap(report.problem_count == 0);
    }
}

}  // namespace fs
