// A file on its way to a client: from the server's memory, or its pages, mapped from the file
// server's cache a window at a time.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "inc/result.hh"
#include "user/httpd/file_cache.hh"
#include "user/httpd/range.hh"

namespace http {

class FileBody {
public:
    static constexpr size_t window_pages = 32;

    FileBody() = default;
    FileBody(const FileBody&) = delete;
    FileBody& operator=(const FileBody&) = delete;
    ~FileBody() { close(); }

    // Opens a file; nothing may be open. `window`: the address of window_pages free pages.
    // Errors: those of FileCache::open.
    Result<void> open(FileCache& cache, const FilePath& path, uintptr_t window, Moment now);
    void close();

    CachedFile& file() const { return *file_; }         // only while one is open
    uint64_t left() const { return end_ - position_; }

    // Goes on with these bytes of the file alone; open() selects all.
    void select(Range range);

    // The next bytes, at least one, as far as they are mapped. Nothing must be left() == 0.
    // end_of_file: the file has become shorter than it was.
    Result<std::string_view> next();
    void consume(size_t count) { position_ += count; }

    // Copies what is left(), little, into a buffer of at least that size, instead of next().
    Result<void> read_rest(char* buffer);

private:
    Result<void> map();
    void unmap();

    FileCache* cache_ = nullptr;
    CachedFile* file_ = nullptr;
    uint64_t position_ = 0;             // what has been consumed
    uint64_t end_ = 0;                  // where the selected bytes end
    uintptr_t window_ = 0;
    uint64_t mapped_from_ = 0;          // the file's bytes that the window shows
    size_t mapped_bytes_ = 0;
};

} // namespace http
