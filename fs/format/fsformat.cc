// fsformat IMAGE BLOCKS FOLDER: makes a file system of BLOCKS blocks of 4 KiB in the file IMAGE,
// with a copy of what FOLDER holds.
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <span>
#include <stdexcept>
#include <string_view>

#include "fs/format/image_builder.hh"
#include "fs/layout.hh"

namespace {

uint64_t parse_blocks(std::string_view text)
{
    uint64_t blocks = 0;
    const auto [end, error] = std::from_chars(text.begin(), text.end(), blocks);
    if (error != std::errc() || end != text.end() || blocks > fs::max_disk_blocks) {
        throw std::runtime_error("BLOCKS must be a number up to "
                                 + std::to_string(fs::max_disk_blocks) + ", not '"
                                 + std::string(text) + "'");
    }
    return blocks;
}

// Writes the image; blocks of zeros are left out, which on most hosts take no room then.
void write_image(const std::string& path, const std::vector<std::byte>& image)
{
    std::ofstream output(path, std::ios::binary | std::ios::trunc);
    for (size_t at = 0; at < image.size(); at += fs::block_size) {
        const std::span block = std::span(image).subspan(at, fs::block_size);
        if (std::ranges::any_of(block, [](std::byte byte) { return byte != std::byte{0}; })) {
            output.seekp(static_cast<std::streamoff>(at));
            output.write(reinterpret_cast<const char*>(block.data()), fs::block_size);
        }
    }
    output.close();
    if (!output) {
        std::remove(path.c_str());
        throw std::runtime_error(path + ": cannot be written");
    }
    std::filesystem::resize_file(path, image.size());
}

}  // namespace

int main(int argc, char** argv)
{
    if (argc != 4) {
        std::fprintf(stderr, "usage: fsformat IMAGE BLOCKS FOLDER\n"
                             "Makes a file system of BLOCKS blocks of 4 KiB in the file IMAGE, "
                             "with a copy of what FOLDER holds.\n");
        return 2;
    }
    try {
        const std::vector<fs::SourceFile> files = fs::collect_files(argv[3]);
        std::vector<std::byte> image(parse_blocks(argv[2]) * fs::block_size);
        fs::build_image(image, files);
        write_image(argv[1], image);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "fsformat: %s\n", error.what());
        return 1;
    }
    return 0;
}
