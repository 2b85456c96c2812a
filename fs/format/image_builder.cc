#include "fs/format/image_builder.hh"

#include <algorithm>
#include <ctime>
#include <fstream>
#include <map>
#include <span>
#include <stdexcept>

#include "fs/file_system.hh"
#include "fs/memory_store.hh"

namespace fs {
namespace {

namespace host = std::filesystem;

int64_t seconds_of(host::file_time_type time)
{
    const auto system = std::chrono::file_clock::to_sys(time);
    return std::chrono::duration_cast<std::chrono::seconds>(system.time_since_epoch()).count();
}

SourceFile describe(const host::path& folder, const host::directory_entry& entry)
{
    const std::string shown = entry.path().string();
    if (!is_valid_name(entry.path().filename().string())) {
        throw std::runtime_error(shown + ": the name is longer than "
                                 + std::to_string(name_bytes - 1) + " bytes");
    }
    SourceFile file;
    file.host = entry.path();
    file.path = "/" + entry.path().lexically_relative(folder).generic_string();
    file.is_directory = entry.is_directory();
    file.modified = seconds_of(entry.last_write_time());
    if (!Path::parse(file.path)) {
        throw std::runtime_error(shown + ": the path is too long or too deep");
    }
    if (!file.is_directory) {
        if (!entry.is_regular_file()) {
            throw std::runtime_error(shown + ": neither a file nor a folder");
        }
        file.size = entry.file_size();
        if (file.size > max_file_bytes) {
            throw std::runtime_error(shown + ": larger than 2 GiB - 1");
        }
    }
    return file;
}

uint32_t blocks_of(uint64_t bytes)
{
    return static_cast<uint32_t>((bytes + block_size - 1) / block_size);
}

template <typename T> T require(Result<T> result, const std::string& path)
{
    if (!result) {
        throw std::runtime_error(path + ": " + error_text(to_abi(result.error())));
    }
    if constexpr (!std::is_void_v<T>) {
        return *std::move(result);
    }
}

void copy_contents(FileSystem& files, Node& node, const SourceFile& file)
{
    require(files.preallocate(node, file.size), file.path);
    std::ifstream input(file.host, std::ios::binary);
    std::vector<std::byte> buffer(256 * block_size);
    uint64_t done = 0;
    while (done < file.size) {
        const size_t part = static_cast<size_t>(std::min<uint64_t>(buffer.size(), file.size - done));
        if (!input.read(reinterpret_cast<char*>(buffer.data()),
                        static_cast<std::streamsize>(part))) {
            throw std::runtime_error(file.host.string() + ": cannot be read to its end");
        }
        require(files.write(node, done, std::span(buffer).first(part)), file.path);
        done += part;
    }
}

}  // namespace

std::vector<SourceFile> collect_files(const host::path& folder)
{
    if (!host::is_directory(folder)) {
        throw std::runtime_error(folder.string() + ": no such folder");
    }
    std::vector<SourceFile> files;
    for (const auto& entry : host::recursive_directory_iterator(folder)) {
        files.push_back(describe(folder, entry));
    }
    std::ranges::sort(files, {}, &SourceFile::path);
    return files;
}

uint64_t blocks_needed(const std::vector<SourceFile>& files)
{
    std::map<std::string, uint64_t> entries{{"", 0}};
    uint64_t blocks = 0;
    const auto add = [&blocks](uint32_t contents) {
        blocks += contents + number_blocks_for(contents);
    };
    for (const SourceFile& file : files) {
        entries[file.path.substr(0, file.path.rfind('/'))]++;
        if (file.is_directory) {
            entries.try_emplace(file.path, 0);
        } else {
            add(blocks_of(file.size));
        }
    }
    for (const auto& [path, count] : entries) {
        add(blocks_of(count * sizeof(FileRecord)));
    }
    // The bitmap grows with the image, and takes room itself.
    uint64_t total = blocks + bitmap_start + 1;
    while (total < blocks + first_data_block(static_cast<uint32_t>(total))) {
        total++;
    }
    return std::max<uint64_t>(total, 5);
}

void build_image(std::vector<std::byte>& image, const std::vector<SourceFile>& files)
{
    const uint64_t have = image.size() / block_size;
    const uint64_t need = blocks_needed(files);
    if (have > max_disk_blocks) {
        throw std::runtime_error("the image is too large: at most "
                                 + std::to_string(max_disk_blocks) + " blocks are possible");
    }
    if (have < need) {
        throw std::runtime_error("the image is too small: " + std::to_string(have)
                                 + " blocks, but its files need " + std::to_string(need));
    }
    MemoryStore store(image);
    FileSystem file_system(store);
    require(FileSystem::format(store, std::time(nullptr)), "/");
    require(file_system.check_superblock(), "/");
    require(file_system.check_bitmap(), "/");
    for (const SourceFile& file : files) {
        file_system.set_time(file.modified);
        const FileType type = file.is_directory ? FileType::directory : FileType::regular;
        Node node = require(file_system.create(file.path, type), file.path);
        if (!file.is_directory) {
            copy_contents(file_system, node, file);
        }
    }
}

}  // namespace fs
