// Everything that interprets the on-disk format (fs/layout.hh), for the file server and host tools
// alike. The image is not trusted: what cannot be right in it is Error::corrupt, for the file or
// path that needs it, and never leads outside the blocks that files may have.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "fs/block_store.hh"
#include "fs/layout.hh"
#include "inc/result.hh"

namespace fs {

// Where a file's record is: a slot in a block of its directory.
struct RecordPlace {
    uint32_t block = 0;
    uint32_t slot = 0;
    bool operator==(const RecordPlace&) const = default;
};
inline constexpr RecordPlace root_place{superblock_number, root_slot};

// A file to work with. Its record is on the disk, at `place`; that of a file which was removed
// while in use is here, until release() frees its blocks.
struct Node {
    RecordPlace place{};
    bool linked = true;
    FileRecord removed{};
};

// Blocks of a file that follow each other on the disk; `first` 0: that many holes.
struct Extent {
    uint32_t first = 0;
    uint32_t count = 0;
};

// A path's names, resolved: "." and ".." are gone, and the root's parent is the root.
class Path {
public:
    static constexpr size_t max_bytes = 1023;
    static constexpr size_t max_depth = 64;

    // bad_path: too long, too deep, empty, or a name that no file can have.
    static Result<Path> parse(std::string_view text);

    std::span<const std::string_view> names() const { return std::span(names_).first(depth_); }
    bool is_root() const { return depth_ == 0; }
    std::string_view last() const { return names_[depth_ - 1]; }       // not of the root
    Path parent() const;

private:
    std::array<std::string_view, max_depth> names_{};
    size_t depth_ = 0;
};

// Whether the record of a file in use can be right, as far as it tells from itself.
bool is_sane(const FileRecord& record);

// Sees every block that a file has, for checks of a whole image.
class BlockVisitor {
public:
    // The file points to `number`: its contents from its block `index` on, or, with `depth` > 0,
    // numbers of these blocks. `possible`: whether a file may have a block of this number. Returns
    // whether to look at the numbers in it; what is not possible is not looked into in any case.
    virtual bool visit(uint32_t number, uint32_t index, unsigned depth, bool possible) = 0;

protected:
    ~BlockVisitor() = default;
};

class FileSystem {
public:
    constexpr explicit FileSystem(BlockStore& store) : store_(store) {}

    // Makes an empty file system of all the store's blocks. too_big or invalid_argument: the
    // store has more blocks than the format allows, or fewer than five.
    static Result<void> format(BlockStore& store, int64_t now);

    // Both must succeed before anything else is called. corrupt: not a file system of ours, or
    // one that does not fit into the store, or one with an impossible bitmap.
    Result<void> check_superblock();
    Result<void> check_bitmap();

    uint32_t block_count() const { return block_count_; }
    uint32_t free_blocks() const { return free_blocks_; }

    // To be called before each of the calls below that change something, so that it reaches the
    // disk as a whole: flushes the store if much waits for that already. What flush says.
    Result<void> prepare_change();

    // The time that changed files get; seconds since 1970.
    void set_time(int64_t now) { now_ = now; }
    int64_t now() const { return now_; }

    // Finds a file: not_found, not_directory (a name on the way is a file), bad_path.
    Result<Node> lookup(std::string_view path);
    // Makes an empty file or directory: exists, no_disk, and what lookup says.
    Result<Node> create(std::string_view path, FileType type);
    // Moves a file or directory; all in one, or nothing. A file that is at `to` already, or an
    // empty directory if `node` is one, is unlinked; `replaced` must be that one, if there is one.
    // bad_path (`to` is inside `node`, or either is the root), not_empty, is_directory,
    // not_directory.
    Result<void> rename(Node& node, std::string_view to, Node& replaced);
    // Takes a file or an empty directory out of its directory; it can be used until release().
    // not_empty; not_permitted (the root).
    Result<void> unlink(Node& node);
    // Frees the blocks of a file that was unlinked.
    Result<void> release(Node& node);

    // A copy of the file's record, checked.
    Result<FileRecord> record(const Node& node);

    // Reads up to the end of the file; returns how many bytes.
    Result<size_t> read(const Node& node, uint64_t offset, std::span<std::byte> to);
    // Writes, growing the file where needed; returns how many bytes, fewer than asked if the disk
    // is full, no_disk if none. too_big: beyond max_file_bytes.
    Result<size_t> write(Node& node, uint64_t offset, std::span<const std::byte> from);
    // Cuts the file off, or grows it by a hole.
    Result<void> set_size(Node& node, uint64_t size);
    // Gives an empty file all blocks of `size` bytes, one after the other; its contents are zeros.
    Result<void> preallocate(Node& node, uint64_t size);

    // The blocks that hold the file from block `index` on, at most `limit` (> 0) of them.
    Result<Extent> extent_at(const FileRecord& record, uint32_t index, uint32_t limit);

    // For checks: all blocks of a file, those beyond its end, too; and what the bitmap says of a
    // block. After set_free, check_bitmap counts anew.
    Result<void> visit_blocks(const FileRecord& record, BlockVisitor& visitor);
    Result<bool> is_free(uint32_t number);
    Result<void> set_free(uint32_t number, bool free);

private:
    Result<void> save(Node& node, const FileRecord& record);
    Result<Node> lookup(const Path& path);
    Result<Node> find_in(const Node& directory, std::string_view name);
    Result<Node> add_record(Node& directory, const FileRecord& record);
    Result<void> require_empty(const FileRecord& directory);
    Result<void> replace(Node& node, const FileRecord& record, Node& replaced);
    bool is_below(const Path& path, const RecordPlace& place);

    Result<void> check_number(uint32_t number) const;
    Result<uint32_t> block_at(const FileRecord& record, uint32_t index);
    Result<uint32_t> ensure_block(FileRecord& record, uint32_t index, bool numbers_only = false);
    Result<uint32_t> ensure_number(uint32_t number, uint32_t near, bool* changed);
    Result<void> visit_tree(uint32_t number, uint32_t index, unsigned depth,
                            BlockVisitor& visitor);
    Result<void> keep_end(const FileRecord& record);
    Result<void> trim(FileRecord& record, uint32_t keep);
    Result<uint32_t> trim_tree(uint32_t number, unsigned depth, uint32_t keep);
    Result<void> free_tree(uint32_t number, unsigned depth);
    Result<size_t> write_blocks(FileRecord& record, uint64_t offset,
                                std::span<const std::byte> from);

    Result<uint32_t> allocate(uint32_t near);
    Result<uint32_t> allocate_between(uint32_t first, uint32_t end);
    Result<void> free_block(uint32_t number);

    BlockStore& store_;
    uint32_t block_count_ = 0;
    uint32_t free_blocks_ = 0;
    uint32_t next_ = 0;                 // where the search for a free block goes on
    int64_t now_ = 0;
};

}  // namespace fs
