// What the file server does for each request (fs/protocol.hh).
#pragma once
#include <cstdint>

#include "fs/block_cache.hh"
#include "fs/file_system.hh"
#include "fs/open_files.hh"
#include "fs/protocol.hh"
#include "inc/result.hh"
#include "lib/ipc.hh"

namespace fs {

// Where a request's pages are mapped while it is worked on.
inline constexpr uintptr_t request_window = 0xD8000000;

struct Answer {
    int32_t value = 0;
    PageRun pages{};
};

class Requests {
public:
    constexpr Requests(BlockCache& cache, const CacheMemory& memory, FileSystem& files,
                       OpenFiles& open_files)
        : cache_(cache), memory_(memory), files_(files), open_files_(open_files)
    {
    }

    // Works on one request; whatever is in it, the answer is at worst an error.
    Answer handle(const IpcMessage& message);

private:
    // A request as it came, out of its sender's reach, and the page that it came in.
    struct Call {
        uint64_t ticket = 0, offset = 0;
        uint32_t file = 0, mode = 0, length = 0;
        volatile Request* page = nullptr;
        uint32_t pages = 0;
        envid_t from = 0;
    };

    Result<Answer> dispatch(uint32_t operation, const Call& call);
    Result<Answer> open(const Call& call);
    Result<Answer> read(const Call& call);
    Result<Answer> map(const Call& call);
    Result<Answer> write(const Call& call);
    Result<Answer> status(const Call& call);
    Result<Answer> set_size(const Call& call);
    Result<Answer> remove(const Call& call);
    Result<Answer> rename(const Call& call);
    Result<Answer> info(const Call& call);
    Result<Answer> flush();

    Result<Node> find_or_create(std::string_view path, uint32_t mode);
    Result<void> read_ahead(const FileRecord& record, uint64_t offset);

    BlockCache& cache_;
    const CacheMemory& memory_;
    FileSystem& files_;
    OpenFiles& open_files_;
};

}  // namespace fs
