// Makes a file system image from a folder of the host.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace fs {

// A file or folder of the host that goes into the image; a folder comes before what it holds.
struct SourceFile {
    std::filesystem::path host;
    std::string path;                   // in the image
    bool is_directory = false;
    uint64_t size = 0;
    int64_t modified = 0;               // seconds since 1970
};

// What is below `folder`, sorted by path. Throws std::runtime_error with a message for the user:
// a name the format cannot have, something that is neither file nor folder, a file too large.
std::vector<SourceFile> collect_files(const std::filesystem::path& folder);

// How many blocks an image needs to hold `files` and no more.
uint64_t blocks_needed(const std::vector<SourceFile>& files);

// Fills `image` (a multiple of the block size) with a file system that holds `files`, each laid
// out in one piece. Throws std::runtime_error: the image is too small (it says how many blocks
// are needed), too large, or a file cannot be read.
void build_image(std::vector<std::byte>& image, const std::vector<SourceFile>& files);

}  // namespace fs
