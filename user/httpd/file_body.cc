#include "user/httpd/file_body.hh"

#include <algorithm>

#include "inc/string.hh"
#include "lib/file.hh"
#include "lib/syscall.hh"

namespace http {

Result<void> FileBody::open(FileCache& cache, const FilePath& path, uintptr_t window, Moment now)
{
    file_ = TRY(cache.open(path, now));
    cache_ = &cache;
    window_ = window;
    position_ = 0;
    end_ = file_->size();
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
    if (file_ != nullptr) {
        cache_->release(*file_);
    }
    file_ = nullptr;
    position_ = end_ = 0;
}

void FileBody::unmap()
{
    if (mapped_bytes_ > 0) {
        sys_page_unmap_run(0, reinterpret_cast<void*>(window_),
                           static_cast<uint32_t>(pages_for(mapped_bytes_)));
    }
    mapped_bytes_ = 0;
}

// Moves the window to the position, if it is not there.
Result<void> FileBody::map()
{
    if (position_ >= mapped_from_ && position_ - mapped_from_ < mapped_bytes_) {
        return {};
    }
    unmap();
    mapped_from_ = round_down(position_, page_size);
    const ssize_t mapped = map_file(file_->descriptor(), static_cast<off_t>(mapped_from_),
                                    reinterpret_cast<void*>(window_), window_pages);
    if (mapped < 0) {
        return static_cast<Error>(-mapped);
    }
    mapped_bytes_ = static_cast<size_t>(mapped);
    return {};
}

Result<std::string_view> FileBody::next()
{
    std::string_view bytes = file_->contents();
    uint64_t first = 0;
    if (bytes.data() == nullptr) {
        TRY(map());
        bytes = {reinterpret_cast<const char*>(window_), mapped_bytes_};
        first = mapped_from_;
    }
    if (position_ - first >= bytes.size()) {
        return Error::end_of_file;
    }
    bytes.remove_prefix(static_cast<size_t>(position_ - first));
    return std::string_view(bytes.data(),
                            static_cast<size_t>(std::min<uint64_t>(bytes.size(), left())));
}

Result<void> FileBody::read_rest(char* buffer)
{
    while (left() > 0) {
        const std::string_view bytes = TRY(next());
        memcpy(buffer, bytes.data(), bytes.size());
        buffer += bytes.size();
        consume(bytes.size());
    }
    return {};
}

} // namespace http
