#include "fs/tools/image_tree.hh"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <stdexcept>

namespace fs {
namespace {

namespace host = std::filesystem;

std::string text_of(Error error)
{
    return error_text(to_abi(error));
}

host::file_time_type host_time(int64_t seconds)
{
    const std::chrono::sys_seconds system{std::chrono::seconds(seconds)};
    return std::chrono::file_clock::from_sys(system);
}

}  // namespace

ImageTree::ImageTree(BlockStore& store, Complain complain)
    : store_(store), files_(store), complain_(std::move(complain))
{
    if (!files_.check_superblock()) {
        throw std::runtime_error("holds no file system of ours; `fstool check` says why");
    }
    seen_.resize(files_.block_count());
}

TreeEntry ImageTree::find(const std::string& path)
{
    const auto node = files_.lookup(path);
    if (!node) {
        throw std::runtime_error(path + ": " + text_of(node.error()));
    }
    const auto record = files_.record(*node);
    if (!record) {
        throw std::runtime_error(path + ": " + text_of(record.error()));
    }
    const auto parsed = Path::parse(path);
    std::string resolved;
    for (const std::string_view name : parsed->names()) {
        resolved += "/" + std::string(name);
    }
    return {resolved.empty() ? "/" : resolved, *node, *record};
}

void ImageTree::add_entry(const TreeEntry& directory, const FileRecord& record, RecordPlace place,
                          std::vector<TreeEntry>& found)
{
    const std::string name(record.name.begin(), std::ranges::find(record.name, '\0'));
    const std::string path = (directory.path == "/" ? "" : directory.path) + "/" + name;
    if (!is_sane(record)) {
        complain_(path, "its record cannot be right");
    } else if (!is_valid_name(name)) {
        complain_(path, "no file can have this name");
    } else {
        found.push_back({path, {place, true, {}}, record});
    }
}

std::vector<TreeEntry> ImageTree::entries(const TreeEntry& directory)
{
    std::vector<TreeEntry> found;
    const uint32_t blocks = directory.record.blocks();
    for (uint32_t index = 0; index < blocks;) {
        const auto extent = files_.extent_at(directory.record, index, blocks - index);
        if (!extent) {
            complain_(directory.path, text_of(extent.error()));
            break;
        }
        for (uint32_t i = 0; extent->first != 0 && i < extent->count; i++) {
            const uint32_t number = extent->first + i;
            const auto block = store_.read(number);
            if (!block || seen_[number]) {
                complain_(directory.path, "block " + std::to_string(number)
                          + " is in a directory a second time");
                continue;
            }
            seen_[number] = true;
            for (uint32_t slot = 0; slot < records_per_block; slot++) {
                if (!block->item<FileRecord>(slot).is_free()) {
                    add_entry(directory, block->item<FileRecord>(slot), {number, slot}, found);
                }
            }
        }
        index += extent->count;
    }
    std::ranges::sort(found, {}, &TreeEntry::path);
    return found;
}

void ImageTree::for_each(const TreeEntry& entry,
                         const std::function<void(const TreeEntry&)>& visit)
{
    visit(entry);
    if (!entry.record.is_directory()) {
        return;
    }
    if (!Path::parse(entry.path)) {
        complain_(entry.path, "lies deeper than any path can lead");
        return;
    }
    for (const TreeEntry& below : entries(entry)) {
        for_each(below, visit);
    }
}

void ImageTree::extract(const TreeEntry& entry, const host::path& to)
{
    std::vector<std::pair<host::path, int64_t>> folders;    // a folder's time: when it is full
    const size_t skip = entry.path == "/" ? 1 : entry.path.size();
    for_each(entry, [&](const TreeEntry& found) {
        const std::string below = found.path.substr(std::min(skip, found.path.size()));
        const host::path target =
            below.empty() ? to : to / host::path(below).relative_path();
        if (found.record.is_directory()) {
            host::create_directories(target);
            folders.emplace_back(target, found.record.modified);
        } else {
            extract_file(found, target);
        }
    });
    for (const auto& [folder, modified] : folders) {
        std::error_code ignored;
        host::last_write_time(folder, host_time(modified), ignored);
    }
}

void ImageTree::extract_file(const TreeEntry& file, const host::path& to)
{
    std::ofstream output(to, std::ios::binary | std::ios::trunc);
    if (!output) {
        throw std::runtime_error(to.string() + ": cannot be written");
    }
    std::vector<std::byte> buffer(256 * block_size);
    const uint32_t blocks = file.record.blocks();
    for (uint32_t index = 0; index < blocks;) {
        const auto extent = files_.extent_at(file.record, index, blocks - index);
        if (!extent) {
            complain_(file.path, text_of(extent.error()) + ": cut off after "
                      + std::to_string(uint64_t{index} * block_size) + " bytes");
            break;
        }
        const uint64_t start = uint64_t{index} * block_size;
        const uint64_t end = std::min(start + uint64_t{extent->count} * block_size,
                                      file.record.size);
        output.seekp(static_cast<std::streamoff>(start));
        for (uint64_t at = start; extent->first != 0 && at < end;) {
            const auto got = files_.read(
                file.node, at,
                std::span(buffer).first(std::min<uint64_t>(buffer.size(), end - at)));
            if (!got || *got == 0) {
                complain_(file.path, "cannot be read to its end");
                return;
            }
            output.write(reinterpret_cast<const char*>(buffer.data()),
                         static_cast<std::streamsize>(*got));
            at += *got;
        }
        index += extent->count;
    }
    output.close();
    if (!output) {
        throw std::runtime_error(to.string() + ": cannot be written to its end");
    }
    if (host::is_regular_file(to)) {
        host::resize_file(to, file.record.size);
        std::error_code ignored;
        host::last_write_time(to, host_time(file.record.modified), ignored);
    }
}

}  // namespace fs
