#include "fs/file_system.hh"

#include <algorithm>
#include <bit>

namespace fs {
namespace {

std::string_view name_of(const FileRecord& record)
{
    return {record.name.data()};
}

void set_name(FileRecord& record, std::string_view name)
{
    record.name.fill('\0');
    std::ranges::copy(name, record.name.begin());
}

// How many blocks of contents a pointer leads to, through `depth` blocks of numbers.
constexpr uint32_t leaves_below(unsigned depth)
{
    return depth == 0 ? 1 : numbers_per_block * leaves_below(depth - 1);
}

// The way to a block of a file: a pointer in the record, then the items to follow in `depth`
// blocks of numbers.
template <typename Number> struct TreePath {
    Number* root = nullptr;
    unsigned depth = 0;
    std::array<uint32_t, 2> items{};
};

// `index` must be below max_file_blocks. Record: FileRecord, or const.
template <typename Record> auto path_to(Record& record, uint32_t index)
{
    using Path = TreePath<std::remove_reference_t<decltype((record.indirect))>>;
    if (index < direct_blocks) {
        return Path{&record.direct[index], 0, {}};
    }
    index -= direct_blocks;
    if (index < numbers_per_block) {
        return Path{&record.indirect, 1, {index}};
    }
    index -= numbers_per_block;
    return Path{&record.double_indirect, 2,
                {index / numbers_per_block, index % numbers_per_block}};
}

}  // namespace

bool is_sane(const FileRecord& record)
{
    return record.name.back() == '\0' && record.size <= max_file_bytes
        && (record.type == FileType::regular
            || (record.type == FileType::directory && record.size % block_size == 0));
}

// Paths

Result<Path> Path::parse(std::string_view text)
{
    if (text.empty() || text.size() > max_bytes) {
        return Error::bad_path;
    }
    Path path;
    while (!text.empty()) {
        const size_t end = std::min(text.find('/'), text.size());
        const std::string_view name = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (name.empty() || name == ".") {
            continue;
        }
        if (name == "..") {
            path.depth_ -= path.depth_ > 0 ? 1 : 0;
            continue;
        }
        if (!is_valid_name(name) || path.depth_ == max_depth) {
            return Error::bad_path;
        }
        path.names_[path.depth_++] = name;
    }
    return path;
}

Path Path::parent() const
{
    Path path = *this;
    path.depth_ -= path.depth_ > 0 ? 1 : 0;
    return path;
}

// The whole file system

Result<void> FileSystem::format(BlockStore& store, int64_t now)
{
    const uint32_t count = store.block_count();
    if (count > max_disk_blocks) {
        return Error::too_big;
    }
    if (count < 5) {
        return Error::invalid_argument;
    }
    const uint32_t first_data = first_data_block(count);
    for (uint32_t i = 0; i < bitmap_blocks_for(count); i++) {
        Block bitmap = TRY(store.fresh(bitmap_start + i));
        const uint64_t base = uint64_t{i} * blocks_per_bitmap_block;
        for (uint32_t bit = 0; bit < blocks_per_bitmap_block; bit++) {
            if (base + bit >= first_data && base + bit < count) {
                bitmap.change_item<uint32_t>(bit / 32) |= 1u << (bit % 32);
            }
        }
    }
    Block block = TRY(store.fresh(superblock_number));
    Superblock& superblock = block.change_item<Superblock>(0);
    superblock.magic = superblock_magic;
    superblock.version = format_version;
    superblock.block_bytes = block_size;
    superblock.block_count = count;
    superblock.bitmap_blocks = bitmap_blocks_for(count);
    set_name(superblock.root, "/");
    superblock.root.type = FileType::directory;
    superblock.root.modified = now;
    return {};
}

Result<void> FileSystem::check_superblock()
{
    const Block block = TRY(store_.read(superblock_number));
    const Superblock& superblock = block.item<Superblock>(0);
    const uint32_t count = superblock.block_count;
    if (superblock.magic != superblock_magic || superblock.version != format_version
        || superblock.block_bytes != block_size || count > max_disk_blocks
        || count > store_.block_count() || superblock.bitmap_blocks != bitmap_blocks_for(count)
        || first_data_block(count) >= count || !is_sane(superblock.root)
        || !superblock.root.is_directory()) {
        return Error::corrupt;
    }
    block_count_ = count;
    next_ = first_data_block(count);
    return {};
}

Result<void> FileSystem::check_bitmap()
{
    const uint32_t first_data = first_data_block(block_count_);
    free_blocks_ = 0;
    for (uint32_t i = 0; i < bitmap_blocks_for(block_count_); i++) {
        const Block bitmap = TRY(store_.read(bitmap_start + i));
        for (uint32_t word = 0; word < numbers_per_block; word++) {
            const uint32_t bits = bitmap.item<uint32_t>(word);
            const uint32_t base = i * blocks_per_bitmap_block + word * 32;
            for (uint32_t left = bits; left != 0; left &= left - 1) {
                const uint32_t number = base + static_cast<uint32_t>(std::countr_zero(left));
                if (number < first_data || number >= block_count_) {
                    return Error::corrupt;
                }
            }
            free_blocks_ += static_cast<uint32_t>(std::popcount(bits));
        }
    }
    return {};
}

// The last free blocks may all be waiting for a flush; no change takes as many as `reserve`.
Result<void> FileSystem::prepare_change()
{
    constexpr uint32_t reserve = 64;
    const uint32_t waiting = store_.waiting_blocks();
    if (store_.should_flush() || (waiting > 0 && free_blocks_ < waiting + reserve)) {
        return store_.flush();
    }
    return {};
}

// Records and directories

Result<FileRecord> FileSystem::record(const Node& node)
{
    if (!node.linked) {
        return node.removed;
    }
    const Block block = TRY(store_.read(node.place.block));
    const FileRecord& record = block.item<FileRecord>(node.place.slot);
    if (record.is_free() || !is_sane(record)) {
        return Error::corrupt;
    }
    return record;
}

Result<void> FileSystem::save(Node& node, const FileRecord& record)
{
    if (!node.linked) {
        node.removed = record;
        return {};
    }
    Block block = TRY(store_.read(node.place.block));
    block.change_item<FileRecord>(node.place.slot) = record;
    return {};
}

Result<Node> FileSystem::find_in(const Node& directory, std::string_view name)
{
    const FileRecord record = TRY(this->record(directory));
    if (!record.is_directory()) {
        return Error::not_directory;
    }
    for (uint32_t index = 0; index < record.blocks(); index++) {
        const uint32_t number = TRY(block_at(record, index));
        if (number == 0) {
            continue;
        }
        const Block block = TRY(store_.read(number));
        for (uint32_t slot = 0; slot < records_per_block; slot++) {
            const FileRecord& entry = block.item<FileRecord>(slot);
            if (entry.name.back() == '\0' && !entry.is_free() && name_of(entry) == name) {
                return Node{{number, slot}, true, {}};
            }
        }
    }
    return Error::not_found;
}

Result<Node> FileSystem::lookup(const Path& path)
{
    Node node{root_place, true, {}};
    for (const std::string_view name : path.names()) {
        node = TRY(find_in(node, name));
    }
    return node;
}

Result<Node> FileSystem::lookup(std::string_view path)
{
    return lookup(TRY(Path::parse(path)));
}

// Puts `record` into a free slot of the directory, which grows by a block if it has none.
Result<Node> FileSystem::add_record(Node& directory, const FileRecord& record)
{
    FileRecord parent = TRY(this->record(directory));
    if (!parent.is_directory()) {
        return Error::not_directory;
    }
    for (uint32_t index = 0; index < parent.blocks(); index++) {
        const uint32_t number = TRY(block_at(parent, index));
        if (number == 0) {
            continue;
        }
        Block block = TRY(store_.read(number));
        for (uint32_t slot = 0; slot < records_per_block; slot++) {
            if (block.item<FileRecord>(slot).is_free()) {
                block.change_item<FileRecord>(slot) = record;
                return Node{{number, slot}, true, {}};
            }
        }
    }

    if (parent.size + block_size > max_file_bytes) {
        return Error::too_big;
    }
    const uint32_t index = parent.blocks();
    const auto number = ensure_block(parent, index);
    if (!number) {
        static_cast<void>(trim(parent, index));         // blocks of numbers made on the way
        TRY(save(directory, parent));
        return number.error();
    }
    Block block = TRY(store_.fresh(*number));
    block.change_item<FileRecord>(0) = record;
    parent.size += block_size;
    parent.modified = now_;
    TRY(save(directory, parent));
    return Node{{*number, 0}, true, {}};
}

Result<Node> FileSystem::create(std::string_view text, FileType type)
{
    const Path path = TRY(Path::parse(text));
    if (path.is_root()) {
        return Error::exists;
    }
    Node parent = TRY(lookup(path.parent()));
    const auto found = find_in(parent, path.last());
    if (found) {
        return Error::exists;
    }
    if (found.error() != Error::not_found) {
        return found.error();
    }
    FileRecord record;
    set_name(record, path.last());
    record.type = type;
    record.modified = now_;
    return add_record(parent, record);
}

Result<void> FileSystem::require_empty(const FileRecord& directory)
{
    for (uint32_t index = 0; index < directory.blocks(); index++) {
        const uint32_t number = TRY(block_at(directory, index));
        if (number == 0) {
            continue;
        }
        const Block block = TRY(store_.read(number));
        for (uint32_t slot = 0; slot < records_per_block; slot++) {
            if (!block.item<FileRecord>(slot).is_free()) {
                return Error::not_empty;
            }
        }
    }
    return {};
}

Result<void> FileSystem::unlink(Node& node)
{
    if (node.place == root_place) {
        return Error::not_permitted;
    }
    const FileRecord record = TRY(this->record(node));
    if (!node.linked) {
        return Error::not_found;
    }
    if (record.is_directory()) {
        TRY(require_empty(record));
    }
    Block block = TRY(store_.read(node.place.block));
    block.change_item<FileRecord>(node.place.slot) = {};
    node.linked = false;
    node.removed = record;
    return {};
}

Result<void> FileSystem::release(Node& node)
{
    node.removed.size = 0;
    return trim(node.removed, 0);
}

// Whether the file at `place` is on the way to `path`, or is what it names.
bool FileSystem::is_below(const Path& path, const RecordPlace& place)
{
    Node node{root_place, true, {}};
    for (const std::string_view name : path.names()) {
        auto next = find_in(node, name);
        if (!next) {
            return false;
        }
        node = *next;
        if (node.place == place) {
            return true;
        }
    }
    return false;
}

Result<void> FileSystem::rename(Node& node, std::string_view to, Node& replaced)
{
    const Path path = TRY(Path::parse(to));
    FileRecord record = TRY(this->record(node));
    if (!node.linked) {
        return Error::not_found;
    }
    if (path.is_root() || node.place == root_place || is_below(path.parent(), node.place)) {
        return Error::bad_path;
    }
    Node parent = TRY(lookup(path.parent()));
    set_name(record, path.last());
    const auto found = find_in(parent, path.last());
    if (found) {
        return found->place == node.place ? Result<void>() : replace(node, record, replaced);
    }
    if (found.error() != Error::not_found) {
        return found.error();
    }
    Block old = TRY(store_.read(node.place.block));
    const Node moved = TRY(add_record(parent, record));
    old.change_item<FileRecord>(node.place.slot) = {};
    node.place = moved.place;
    return {};
}

// Puts `record`, which is node's with the other's name, into the place of `replaced`.
Result<void> FileSystem::replace(Node& node, const FileRecord& record, Node& replaced)
{
    const FileRecord other = TRY(this->record(replaced));
    if (other.is_directory() != record.is_directory()) {
        return other.is_directory() ? Error::is_directory : Error::not_directory;
    }
    const RecordPlace place = replaced.place;
    Block target = TRY(store_.read(place.block));
    Block old = TRY(store_.read(node.place.block));
    TRY(unlink(replaced));
    target.change_item<FileRecord>(place.slot) = record;
    old.change_item<FileRecord>(node.place.slot) = {};
    node.place = place;
    return {};
}

// Contents

Result<size_t> FileSystem::read(const Node& node, uint64_t offset, std::span<std::byte> to)
{
    const FileRecord record = TRY(this->record(node));
    if (offset >= record.size) {
        return size_t{0};
    }
    const size_t size =
        static_cast<size_t>(std::min<uint64_t>(to.size(), record.size - offset));
    size_t done = 0;
    while (done < size) {
        const uint64_t at = offset + done;
        const size_t start = static_cast<size_t>(at % block_size);
        const size_t part = std::min(size - done, block_size - start);
        const uint32_t number = TRY(block_at(record, static_cast<uint32_t>(at / block_size)));
        const std::span<std::byte> target = to.subspan(done, part);
        if (number == 0) {
            std::ranges::fill(target, std::byte{0});
        } else {
            const Block block = TRY(store_.read(number));
            std::ranges::copy(block.bytes().subspan(start, part), target.begin());
        }
        done += part;
    }
    return size;
}

Result<size_t> FileSystem::write(Node& node, uint64_t offset, std::span<const std::byte> from)
{
    FileRecord record = TRY(this->record(node));
    if (record.is_directory()) {
        return Error::is_directory;
    }
    if (offset > max_file_bytes || from.size() > max_file_bytes - offset) {
        return Error::too_big;
    }
    if (from.empty()) {
        return size_t{0};
    }
    if (offset + from.size() > record.size) {
        TRY(keep_end(record));
    }
    const auto done = write_blocks(record, offset, from);
    if (done) {
        record.size = std::max(record.size, offset + *done);
        record.modified = now_;
    }
    if (!done || *done < from.size()) {
        static_cast<void>(trim(record, record.blocks()));       // what was made in vain
    }
    TRY(save(node, record));
    return done;
}

// Writes as much as there is room for, at least one byte. The caller saves the record, which may
// have changed even if this fails.
Result<size_t> FileSystem::write_blocks(FileRecord& record, uint64_t offset,
                                        std::span<const std::byte> from)
{
    size_t done = 0;
    while (done < from.size()) {
        const uint64_t at = offset + done;
        const size_t start = static_cast<size_t>(at % block_size);
        const size_t part = std::min(from.size() - done, block_size - start);
        const uint32_t index = static_cast<uint32_t>(at / block_size);
        const bool is_new = TRY(block_at(record, index)) == 0;
        const auto number = ensure_block(record, index);
        if (!number) {
            if (done > 0) {
                break;
            }
            return number.error();
        }
        Block block = TRY(is_new               ? store_.fresh(*number)
                          : part == block_size ? store_.blank(*number)
                                               : store_.read(*number));
        std::ranges::copy(from.subspan(done, part),
                          block.change_contents().subspan(start).begin());
        done += part;
    }
    return done;
}

Result<void> FileSystem::set_size(Node& node, uint64_t size)
{
    FileRecord record = TRY(this->record(node));
    if (record.is_directory()) {
        return Error::is_directory;
    }
    if (size > max_file_bytes) {
        return Error::too_big;
    }
    const bool shrinks = size < record.size;
    if (size > record.size) {
        TRY(keep_end(record));
    }
    record.size = size;
    record.modified = now_;
    Result<void> result;
    if (shrinks) {
        result = trim(record, record.blocks());
        if (result && size % block_size != 0) {
            const uint32_t last = TRY(block_at(record, record.blocks() - 1));
            if (last != 0) {
                Block block = TRY(store_.read(last));
                std::ranges::fill(block.change().subspan(static_cast<size_t>(size % block_size)),
                                  std::byte{0});
            }
        }
    }
    TRY(save(node, record));
    return result;
}

Result<void> FileSystem::preallocate(Node& node, uint64_t size)
{
    FileRecord record = TRY(this->record(node));
    if (record.is_directory() || record.size != 0) {
        return Error::invalid_argument;
    }
    if (size > max_file_bytes) {
        return Error::too_big;
    }
    const uint32_t blocks = static_cast<uint32_t>((size + block_size - 1) / block_size);
    const auto fill = [&]() -> Result<void> {
        for (uint32_t index = direct_blocks; index < blocks; index += numbers_per_block) {
            TRY(ensure_block(record, index, true));
        }
        for (uint32_t index = 0; index < blocks; index++) {
            const uint32_t number = TRY(ensure_block(record, index));
            const Block zeros = TRY(store_.fresh(number));
        }
        return {};
    };
    const auto filled = fill();
    if (filled) {
        record.size = size;
        record.modified = now_;
    } else {
        static_cast<void>(trim(record, 0));
    }
    TRY(save(node, record));
    return filled;
}

// The tree of a file's blocks

Result<void> FileSystem::check_number(uint32_t number) const
{
    if (number < first_data_block(block_count_) || number >= block_count_) {
        return Error::corrupt;
    }
    return {};
}

// The number of the file's block `index`, 0 if it is a hole.
Result<uint32_t> FileSystem::block_at(const FileRecord& record, uint32_t index)
{
    if (index >= max_file_blocks) {
        return Error::too_big;
    }
    const auto path = path_to(record, index);
    uint32_t number = *path.root;
    for (unsigned level = 0; level < path.depth && number != 0; level++) {
        TRY(check_number(number));
        number = TRY(store_.read(number)).item<uint32_t>(path.items[level]);
    }
    if (number != 0) {
        TRY(check_number(number));
    }
    return number;
}

// `number`, or a block allocated in its place if it is 0: its contents are the caller's to write.
Result<uint32_t> FileSystem::ensure_number(uint32_t number, uint32_t near, bool* changed)
{
    *changed = number == 0;
    if (number != 0) {
        TRY(check_number(number));
        return number;
    }
    return allocate(near);
}

// The number of the file's block `index`, which is allocated if it is a hole, with the blocks of
// numbers on the way to it; with `numbers_only`, these alone. The caller saves the record.
Result<uint32_t> FileSystem::ensure_block(FileRecord& record, uint32_t index, bool numbers_only)
{
    if (index >= max_file_blocks) {
        return Error::too_big;
    }
    const uint32_t before = index > 0 ? TRY(block_at(record, index - 1)) : 0;
    uint32_t near = before != 0 ? before + 1 : next_;
    const auto path = path_to(record, index);
    if (numbers_only && path.depth == 0) {
        return *path.root;
    }
    bool is_new = false;
    uint32_t number = TRY(ensure_number(*path.root, near, &is_new));
    *path.root = number;
    for (unsigned level = 0; level < path.depth; level++) {
        Block numbers = TRY(is_new ? store_.fresh(number) : store_.read(number));
        if (is_new) {
            near = number + 1;
        }
        uint32_t next = numbers.item<uint32_t>(path.items[level]);
        if (numbers_only && level + 1 == path.depth) {
            return next;
        }
        next = TRY(ensure_number(next, near, &is_new));
        if (is_new) {
            numbers.change_item<uint32_t>(path.items[level]) = next;
        }
        number = next;
    }
    return number;
}

Result<Extent> FileSystem::extent_at(const FileRecord& record, uint32_t index, uint32_t limit)
{
    Extent extent{TRY(block_at(record, index)), 1};
    while (extent.count < limit && index + extent.count < record.blocks()) {
        const auto next = block_at(record, index + extent.count);
        const uint32_t wanted = extent.first == 0 ? 0 : extent.first + extent.count;
        if (!next || *next != wanted) {
            break;
        }
        extent.count++;
    }
    return extent;
}

Result<void> FileSystem::visit_blocks(const FileRecord& record, BlockVisitor& visitor)
{
    uint32_t index = 0;
    for (const uint32_t number : record.direct) {
        TRY(visit_tree(number, index, 0, visitor));
        index++;
    }
    TRY(visit_tree(record.indirect, index, 1, visitor));
    return visit_tree(record.double_indirect, index + leaves_below(1), 2, visitor);
}

Result<void> FileSystem::visit_tree(uint32_t number, uint32_t index, unsigned depth,
                                    BlockVisitor& visitor)
{
    if (number == 0) {
        return {};
    }
    const bool possible = check_number(number).has_value();
    if (!visitor.visit(number, index, depth, possible) || !possible || depth == 0) {
        return {};
    }
    const Block numbers = TRY(store_.read(number));
    for (uint32_t i = 0; i < numbers_per_block; i++) {
        TRY(visit_tree(numbers.item<uint32_t>(i), index + i * leaves_below(depth - 1), depth - 1,
                       visitor));
    }
    return {};
}

// To be called before the file grows. Bytes behind a file's end are zero, so what is written there
// must not reach the disk before the record with the new size does.
Result<void> FileSystem::keep_end(const FileRecord& record)
{
    if (record.size % block_size != 0) {
        const uint32_t last = TRY(block_at(record, record.blocks() - 1));
        if (last != 0) {
            Block block = TRY(store_.read(last));
            block.change();
        }
    }
    return {};
}

// Frees all of the file's blocks but the first `keep`. The caller saves the record, which has
// changed even if this fails half-way.
Result<void> FileSystem::trim(FileRecord& record, uint32_t keep)
{
    uint32_t base = 0;
    const auto trim_pointer = [&](uint32_t& pointer, unsigned depth) -> Result<void> {
        pointer = TRY(trim_tree(pointer, depth, keep > base ? keep - base : 0));
        base += leaves_below(depth);
        return {};
    };
    for (uint32_t& pointer : record.direct) {
        TRY(trim_pointer(pointer, 0));
    }
    TRY(trim_pointer(record.indirect, 1));
    TRY(trim_pointer(record.double_indirect, 2));
    return {};
}

// Frees all but the first `keep` blocks of contents of the tree at `number`, and the block itself
// when nothing is kept; returns what the pointer to it becomes.
Result<uint32_t> FileSystem::trim_tree(uint32_t number, unsigned depth, uint32_t keep)
{
    if (number == 0 || keep >= leaves_below(depth)) {
        return number;
    }
    if (keep == 0) {
        TRY(free_tree(number, depth));
        return 0u;
    }
    TRY(check_number(number));
    Block numbers = TRY(store_.read(number));
    const uint32_t below = leaves_below(depth - 1);
    for (uint32_t i = keep / below; i < numbers_per_block; i++) {
        const uint32_t child = numbers.item<uint32_t>(i);
        const uint32_t kept = keep > i * below ? keep - i * below : 0;
        const uint32_t left = TRY(trim_tree(child, depth - 1, kept));
        if (left != child) {
            numbers.change_item<uint32_t>(i) = left;
        }
    }
    return number;
}

// Frees the tree at `number` (not 0). Its blocks of numbers need no change for that, unless one
// turns out to be wrong: then those above it keep only what could not be freed.
Result<void> FileSystem::free_tree(uint32_t number, unsigned depth)
{
    TRY(check_number(number));
    if (depth == 0) {
        return free_block(number);
    }
    Block numbers = TRY(store_.read(number));
    Result<void> result;
    uint32_t done = 0;
    while (result && done < numbers_per_block) {
        const uint32_t child = numbers.item<uint32_t>(done);
        result = child != 0 ? free_tree(child, depth - 1) : Result<void>();
        done += result ? 1 : 0;
    }
    if (result) {
        result = free_block(number);
    }
    if (!result) {
        std::ranges::fill(numbers.change().first(done * sizeof(uint32_t)), std::byte{0});
    }
    return result;
}

// The bitmap

// Allocates a block, `near` or as soon after it as there is one.
Result<uint32_t> FileSystem::allocate(uint32_t near)
{
    const uint32_t first_data = first_data_block(block_count_);
    if (free_blocks_ == 0) {
        return Error::no_disk;
    }
    if (near < first_data || near >= block_count_) {
        near = first_data;
    }
    auto number = allocate_between(near, block_count_);
    if (!number && number.error() == Error::no_disk) {
        number = allocate_between(first_data, near);
    }
    if (number) {
        free_blocks_--;
        next_ = *number + 1;
    }
    return number;
}

Result<uint32_t> FileSystem::allocate_between(uint32_t first, uint32_t end)
{
    while (first < end) {
        const uint32_t in_block = first % blocks_per_bitmap_block;
        const uint32_t base = first - in_block;
        Block bitmap = TRY(store_.read(bitmap_start + first / blocks_per_bitmap_block));
        const uint32_t stop = std::min(end - base, blocks_per_bitmap_block);
        for (uint32_t bit = in_block; bit < stop;) {
            const uint32_t word = bitmap.item<uint32_t>(bit / 32) & (~0u << (bit % 32));
            if (word == 0) {
                bit = (bit / 32 + 1) * 32;
                continue;
            }
            const uint32_t found = bit / 32 * 32 + static_cast<uint32_t>(std::countr_zero(word));
            if (found < stop && store_.may_reuse(base + found)) {
                bitmap.change_item<uint32_t>(found / 32) &= ~(1u << (found % 32));
                return base + found;
            }
            bit = found + 1;
        }
        first = base + blocks_per_bitmap_block;
    }
    return Error::no_disk;
}

// Blocks beyond the disk's end have bits, too, in the last block of the bitmap.
Result<bool> FileSystem::is_free(uint32_t number)
{
    const Block bitmap = TRY(store_.read(bitmap_start + number / blocks_per_bitmap_block));
    const uint32_t bit = number % blocks_per_bitmap_block;
    return (bitmap.item<uint32_t>(bit / 32) >> (bit % 32) & 1) != 0;
}

Result<void> FileSystem::set_free(uint32_t number, bool free)
{
    Block bitmap = TRY(store_.read(bitmap_start + number / blocks_per_bitmap_block));
    const uint32_t bit = number % blocks_per_bitmap_block;
    uint32_t& word = bitmap.change_item<uint32_t>(bit / 32);
    word = free ? word | 1u << (bit % 32) : word & ~(1u << (bit % 32));
    return {};
}

Result<void> FileSystem::free_block(uint32_t number)
{
    if (TRY(is_free(number))) {
        return Error::corrupt;                  // in use by the file, free by the bitmap
    }
    TRY(set_free(number, true));
    free_blocks_++;
    store_.discard(number);
    return {};
}

}  // namespace fs
