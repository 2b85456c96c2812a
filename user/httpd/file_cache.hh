// The files that the server has open. All connections that send a file share it; it stays open for
// a while after its last use, so that a request for it takes no message to the file server. The
// file server says in shared memory that a file has changed (file_changes, lib/file.hh): then
// those that send it go on with what they have, and the next request opens it again.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "inc/result.hh"
#include "user/httpd/clock.hh"
#include "user/httpd/path.hh"
#include "user/httpd/response.hh"

namespace http {

class Channel;

// A file that is open. Small ones are in memory, behind the head of the answer that most requests
// get, in pages that can be sent as they are (send_in_place, lib/socket.hh).
class CachedFile {
public:
    int descriptor() const { return descriptor_; }
    uint64_t size() const { return size_; }

    // The head of a plain answer (status 200) with its validators.
    ResponseHead head(Moment now);
    int64_t modified() const { return modified_; }

    // All bytes of a small file; no place (data() is null) for others.
    std::string_view contents() const
    {
        return {contents_, contents_ != nullptr ? static_cast<size_t>(size_) : 0};
    }

    // Sends head and contents of a small file with as few steps as there can be. Returns how many
    // bytes went, or send's error; *head_bytes: how many of all bytes are the head's.
    int send_plain(Channel& channel, bool keep_alive, Moment now, size_t* head_bytes);
    std::string_view plain_head() const;

private:
    friend class FileCache;

    Result<void> open(const char* path);
    void keep_contents(uintptr_t pages);
    void prepare(bool keep_alive, Moment now);
    void close();
    bool is_open() const { return descriptor_ >= 0; }
    bool has_changed() const;

    int descriptor_ = -1;
    uint32_t changes_ = 0;              // file_changes() when it was opened
    uint32_t users_ = 0;                // connections that send it
    uint32_t last_use_ms_ = 0;
    bool is_listed_ = false;            // new requests may find it
    size_t path_bytes_ = 0;
    char path_[256] = {};
    uint64_t size_ = 0;
    int64_t modified_ = 0;              // seconds since 1970
    const char* type_ = nullptr;        // content_type()
    char etag_[48] = {};

    // A small file's pages: room for send_in_place, the head, the contents.
    char* pages_ = nullptr;
    uint32_t page_count_ = 0;
    char* contents_ = nullptr;
    size_t head_bytes_ = 0;             // of the head before the contents; 0: none yet
    int64_t head_seconds_ = 0;          // the head's time
    bool head_keep_alive_ = false;
};

class FileCache {
public:
    static constexpr size_t max_files = 128;
    static constexpr uint32_t pages_a_file = 17;

    // `region`: address of max_files * pages_a_file free pages.
    explicit FileCache(uintptr_t region) : region_(region) {}

    // A file to be sent, until release(). Errors: those of open; is_directory.
    Result<CachedFile*> open(const FilePath& path, Moment now);
    void release(CachedFile& file);

    // Closes what has changed, and what nobody has wanted for long. False: nothing is left that
    // would have to be closed some time.
    bool tidy(Moment now);

private:
    CachedFile* find(const FilePath& path, uint32_t hash);
    CachedFile* make_room();
    void list(CachedFile& file, const FilePath& path, uint32_t hash);
    void keep(CachedFile& file);
    void close(CachedFile& file);
    size_t number_of(const CachedFile& file) const { return static_cast<size_t>(&file - files_); }

    uintptr_t region_;
    uint32_t pages_ = 0;                // of all files
    uint32_t hashes_[max_files] = {};   // of their paths
    CachedFile files_[max_files];
};

} // namespace http
