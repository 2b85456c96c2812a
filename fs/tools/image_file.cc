#include "fs/tools/image_file.hh"

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace fs {
namespace {

[[noreturn]] void fail(const std::string& path, const char* what)
{
    throw std::runtime_error(path + ": " + what + ": " + std::strerror(errno));
}

}  // namespace

ImageFile::ImageFile(const std::string& path, Access access) : path_(path)
{
    const bool writes = access == Access::write;
    const int file = ::open(path.c_str(), writes ? O_RDWR : O_RDONLY);
    if (file < 0) {
        fail(path, "cannot be opened");
    }
    struct stat status {};
    void* memory = MAP_FAILED;
    if (fstat(file, &status) == 0 && status.st_size > 0) {
        memory = mmap(nullptr, static_cast<size_t>(status.st_size), PROT_READ | PROT_WRITE,
                      writes ? MAP_SHARED : MAP_PRIVATE | MAP_NORESERVE, file, 0);
    } else {
        errno = ENODATA;
    }
    const int reason = errno;
    ::close(file);
    if (memory == MAP_FAILED) {
        errno = reason;
        fail(path, "cannot be read");
    }
    bytes_ = {static_cast<std::byte*>(memory), static_cast<size_t>(status.st_size)};
}

ImageFile::~ImageFile()
{
    munmap(bytes_.data(), bytes_.size());
}

void ImageFile::sync()
{
    if (msync(bytes_.data(), bytes_.size(), MS_SYNC) != 0) {
        fail(path_, "cannot be written");
    }
}

}  // namespace fs
