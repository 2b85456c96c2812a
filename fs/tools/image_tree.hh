// Reads files and folders out of an image.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "fs/file_system.hh"

namespace fs {

struct TreeEntry {
    std::string path;
    Node node;
    FileRecord record;
};

class ImageTree {
public:
    // Damage on the way is told to `complain`, and everything else is read all the same.
    using Complain = std::function<void(const std::string& path, const std::string& text)>;
    // Throws std::runtime_error if the image has no file system that can be read.
    ImageTree(BlockStore& store, Complain complain);

    // Throws std::runtime_error if there is no such file.
    TreeEntry find(const std::string& path);
    // What a directory holds, sorted by name; a directory that another one holds already is
    // damage, and empty.
    std::vector<TreeEntry> entries(const TreeEntry& directory);
    // `entry` and all that is below it, each directory before what it holds.
    void for_each(const TreeEntry& entry, const std::function<void(const TreeEntry&)>& visit);

    // Copies a file or folder to the host's `to`. Holes stay holes.
    void extract(const TreeEntry& entry, const std::filesystem::path& to);

private:
    void add_entry(const TreeEntry& directory, const FileRecord& record, RecordPlace place,
                   std::vector<TreeEntry>& found);
    void extract_file(const TreeEntry& file, const std::filesystem::path& to);

    BlockStore& store_;
    FileSystem files_;
    Complain complain_;
    std::vector<bool> seen_;            // blocks of directories
};

}  // namespace fs
