#include "user/httpd/file_body.hh"

#include <algorithm>

#include "lib/file.hh"
#include "lib/syscall.hh"

namespace http {

Result<void> FileBody::open(const char* path, uintptr_t window)
{
    const int file = ::open(path, O_RDONLY);
    if (file < 0) {
        return static_cast<Error>(-file);
    }
    file_ = file;
    window_ = window;
    position_ = 0;
    Stat status;
    if (const int result = fstat(file_, &status); result < 0) {
        close();
        return static_cast<Error>(-result);
    }
    if (status.st_isdir != 0) {
        close();
        return Error::is_directory;
    }
    size_ = end_ = static_cast<uint64_t>(status.st_size);
    modified_ = status.st_mtime;
    return {};
}

void FileBody::select(Range range)
{
    position_ = range.first;
    end_ = range.first + range.length;
}

void FileBody::close()
{
    unmap();
    if (file_ >= 0) {
        ::close(file_);
    }
    file_ = -1;
    size_ = position_ = end_ = 0;
}

void FileBody::unmap()
{
    if (mapped_bytes_ > 0) {
        sys_page_unmap_run(0, reinterpret_cast<void*>(window_),
                           static_cast<uint32_t>(pages_for(mapped_bytes_)));
    }
    mapped_bytes_ = 0;
}

Result<std::string_view> FileBody::next()
{
    if (position_ < mapped_from_ || position_ - mapped_from_ >= mapped_bytes_) {
        unmap();
        mapped_from_ = round_down(position_, page_size);
        const ssize_t mapped = map_file(file_, static_cast<off_t>(mapped_from_),
                                        reinterpret_cast<void*>(window_), window_pages);
        if (mapped < 0) {
            return static_cast<Error>(-mapped);
        }
        mapped_bytes_ = static_cast<size_t>(mapped);
    }
    const auto offset = static_cast<size_t>(position_ - mapped_from_);
    if (offset >= mapped_bytes_) {
        return Error::end_of_file;
    }
    const auto count = std::min<uint64_t>(mapped_bytes_ - offset, left());
    return std::string_view(reinterpret_cast<const char*>(window_) + offset,
                            static_cast<size_t>(count));
}

Result<void> FileBody::read_rest(char* buffer)
{
    if (position_ != 0) {
        if (const int result = seek(file_, static_cast<off_t>(position_)); result < 0) {
            return static_cast<Error>(-result);
        }
    }
    const ssize_t result = readn(file_, buffer, static_cast<size_t>(left()));
    if (result < 0) {
        return static_cast<Error>(-result);
    }
    if (static_cast<uint64_t>(result) != left()) {
        return Error::end_of_file;
    }
    position_ = end_;
    return {};
}

} // namespace http
