// An image file of the host, in memory.
#pragma once
#include <cstddef>
#include <span>
#include <string>

namespace fs {

class ImageFile {
public:
    enum class Access { read, write };

    // Throws std::runtime_error. With Access::read, changes stay in memory.
    ImageFile(const std::string& path, Access access);
    ImageFile(const ImageFile&) = delete;
    ImageFile& operator=(const ImageFile&) = delete;
    ~ImageFile();

    std::span<std::byte> bytes() const { return bytes_; }
    // Returns when the changes are on the disk; throws std::runtime_error.
    void sync();

private:
    std::string path_;
    std::span<std::byte> bytes_{};
};

}  // namespace fs
