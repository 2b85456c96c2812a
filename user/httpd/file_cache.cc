#include "user/httpd/file_cache.hh"

#include <algorithm>

#include "inc/mmu.h"
#include "inc/string.hh"
#include "lib/file.hh"
#include "lib/socket.hh"
#include "lib/syscall.hh"
#include "lib/text_buffer.hh"
#include "user/httpd/channel.hh"

namespace http {
namespace {

constexpr size_t head_room = 512;               // more than the head of any plain answer
constexpr size_t largest_kept = max_in_place - head_room;
constexpr uint32_t max_pages_of_all = 1024;
constexpr uint32_t unused_ms = 10'000;          // how long nobody need want a file

static_assert(FileCache::pages_a_file * page_size == room_in_place + max_in_place);

constexpr uint32_t hash_of(std::string_view text)
{
    uint32_t hash = 2166136261;                 // FNV-1a
    for (const char c : text) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 16777619;
    }
    return hash;
}

Error error_of(int result) { return static_cast<Error>(-result); }

} // namespace

Result<void> CachedFile::open(const char* path)
{
    const int file = ::open(path, O_RDONLY);
    if (file < 0) {
        return error_of(file);
    }
    descriptor_ = file;
    changes_ = file_changes(file);              // before anything is known of it
    Stat status;
    if (const int result = fstat(file, &status); result < 0) {
        return error_of(result);
    }
    if (status.st_isdir != 0) {
        return Error::is_directory;
    }
    size_ = static_cast<uint64_t>(status.st_size);
    modified_ = status.st_mtime;
    return {};
}

void CachedFile::close()
{
    if (pages_ != nullptr) {
        sys_page_unmap_run(0, pages_, page_count_);
    }
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
    *this = {};
}

bool CachedFile::has_changed() const { return file_changes(descriptor_) != changes_; }

// Reads a small file into pages of its own. Without memory for it it stays as it is.
void CachedFile::keep_contents(uintptr_t pages)
{
    const auto bytes = static_cast<size_t>(size_);
    const auto count = static_cast<uint32_t>(pages_for(room_in_place + head_room + bytes));
    if (sys_page_alloc_run(0, reinterpret_cast<void*>(pages), count, PTE_P | PTE_U | PTE_W) < 0) {
        return;
    }
    pages_ = reinterpret_cast<char*>(pages);
    page_count_ = count;
    char* const place = pages_ + room_in_place + head_room;
    if (readn(descriptor_, place, bytes) == static_cast<ssize_t>(bytes)) {
        contents_ = place;
    }
}

ResponseHead CachedFile::head(Moment now)
{
    // Times have whole seconds: what has just changed may change again without a trace.
    TextBuffer tag(etag_);
    tag.print("%s\"%llx-%llx\"", now.seconds - modified_ < 2 ? "W/" : "",
              static_cast<unsigned long long>(modified_), static_cast<unsigned long long>(size_));
    return {.content_type = type_, .content_length = size_, .date = now.seconds,
            .modified = modified_, .etag = tag.text(), .is_file = true, .file_size = size_};
}

// Writes the head before the contents. It has the time in it, and so holds for a second.
void CachedFile::prepare(bool keep_alive, Moment now)
{
    if (head_bytes_ != 0 && head_seconds_ == now.seconds && head_keep_alive_ == keep_alive) {
        return;
    }
    ResponseHead fields = head(now);
    fields.keep_alive = keep_alive;
    char text[head_room];
    head_bytes_ = write_head(fields, text);
    head_seconds_ = now.seconds;
    head_keep_alive_ = keep_alive;
    char* const first = pages_ + room_in_place;
    if (contents_ != first + head_bytes_) {
        memmove(first + head_bytes_, contents_, static_cast<size_t>(size_));
        contents_ = first + head_bytes_;
    }
    memcpy(first, text, head_bytes_);
}

std::string_view CachedFile::plain_head() const
{
    return {pages_ + room_in_place, head_bytes_};
}

int CachedFile::send_plain(Channel& channel, bool keep_alive, Moment now, size_t* head_bytes)
{
    prepare(keep_alive, now);
    *head_bytes = head_bytes_;
    return channel.send_pages(pages_, head_bytes_ + static_cast<size_t>(size_));
}

// The cache

CachedFile* FileCache::find(const FilePath& path, uint32_t hash)
{
    for (size_t i = 0; i < max_files; i++) {
        CachedFile& file = files_[i];
        if (hashes_[i] == hash && file.is_listed_
            && std::string_view(file.path_, file.path_bytes_)
                == std::string_view(path.text, path.length)) {
            return &file;
        }
    }
    return nullptr;
}

Result<CachedFile*> FileCache::open(const FilePath& path, Moment now)
{
    const uint32_t hash = hash_of({path.text, path.length});
    CachedFile* file = find(path, hash);
    if (file != nullptr && file->has_changed()) {
        file->is_listed_ = false;
        if (file->users_ == 0) {
            close(*file);
        }
        file = nullptr;
    }
    if (file == nullptr) {
        file = make_room();
        if (file == nullptr) {
            return Error::max_open;
        }
        if (const Result<void> opened = file->open(path.text); !opened) {
            close(*file);
            return opened.error();
        }
        file->type_ = content_type({path.text, path.length});
        list(*file, path, hash);
        keep(*file);
    }
    file->users_++;
    file->last_use_ms_ = now.ms;
    return file;
}

// Lets requests find the file, unless its path is very long.
void FileCache::list(CachedFile& file, const FilePath& path, uint32_t hash)
{
    if (path.length <= sizeof file.path_) {
        hashes_[number_of(file)] = hash;
        file.is_listed_ = true;
        file.path_bytes_ = path.length;
        memcpy(file.path_, path.text, path.length);
    }
}

// A place for one more file; null if connections use them all.
CachedFile* FileCache::make_room()
{
    CachedFile* oldest = nullptr;
    for (CachedFile& file : files_) {
        if (!file.is_open()) {
            return &file;
        }
        if (file.users_ == 0
            && (oldest == nullptr
                || static_cast<int32_t>(file.last_use_ms_ - oldest->last_use_ms_) < 0)) {
            oldest = &file;
        }
    }
    if (oldest != nullptr) {
        close(*oldest);
    }
    return oldest;
}

// Keeps a small file in memory, as long as all of them together are not large.
void FileCache::keep(CachedFile& file)
{
    if (file.size_ <= largest_kept && pages_ + pages_a_file <= max_pages_of_all) {
        file.keep_contents(region_ + number_of(file) * pages_a_file * page_size);
        pages_ += file.page_count_;
    }
}

void FileCache::close(CachedFile& file)
{
    pages_ -= file.page_count_;
    file.close();
}

void FileCache::release(CachedFile& file)
{
    file.users_--;
    if (file.users_ == 0 && !file.is_listed_) {
        close(file);
    }
}

bool FileCache::tidy(Moment now)
{
    bool any = false;
    for (CachedFile& file : files_) {
        if (!file.is_open()) {
            continue;
        }
        if (file.has_changed()) {
            file.is_listed_ = false;
        }
        if (file.users_ == 0
            && (!file.is_listed_ || now.ms - file.last_use_ms_ >= unused_ms)) {
            close(file);
        }
        any = any || file.is_open();
    }
    return any;
}

} // namespace http
