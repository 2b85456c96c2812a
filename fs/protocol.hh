// What programs (lib/file.cc) and the file server say to each other.
//
// A request is an ipc_call whose value is the operation and whose pages are the request page,
// writable, and for a write perhaps more pages of data behind it. The answer's value is >= 0, or
// a negative error; results come in the request page's `data`, or as pages where the list says
// so. The server trusts nothing in a request, and keeps none of its pages after the answer.
//
// `file` and `ticket` are what open put into the descriptor page (fd_object, fd_ticket).
#pragma once
#include "inc/types.hh"

namespace fs {

//                                       takes                         answers
inline constexpr uint32_t FSREQ_OPEN = 1;       // mode, path           the descriptor page
inline constexpr uint32_t FSREQ_SET_SIZE = 2;   // file, offset: size   0
inline constexpr uint32_t FSREQ_READ = 3;       // file, offset, length bytes read, in data
inline constexpr uint32_t FSREQ_WRITE = 4;      // file, offset, length, data: bytes written
inline constexpr uint32_t FSREQ_STAT = 5;       // file                 0, FileStatus in data
inline constexpr uint32_t FSREQ_FLUSH = 6;      // file                 0
inline constexpr uint32_t FSREQ_REMOVE = 7;     // mode, path           0
inline constexpr uint32_t FSREQ_SYNC = 8;       // (no page needed)     0
// Ours. MAP answers with a run of cache pages, read-only: at most `length` of them, which show the
// file from `offset` (a multiple of the page size) on; value: bytes of the file they show.
inline constexpr uint32_t FSREQ_MAP = 16;       // file, offset, length: value and pages
inline constexpr uint32_t FSREQ_RENAME = 17;    // two paths, one after the other's zero: 0
inline constexpr uint32_t FSREQ_INFO = 18;      // -                    0, SystemStatus in data

// The request page.
struct Request {
    uint64_t ticket = 0;
    uint64_t offset = 0;
    uint32_t file = 0;
    uint32_t mode = 0;                  // open: O_*, remove: RemoveWhat
    uint32_t length = 0;
    uint32_t reserved[9] = {};
    char data[page_size - 64] = {};
};
static_assert(sizeof(Request) == page_size);
static_assert(offsetof(Request, data) == 64);

inline constexpr uint32_t max_request_pages = 17;
inline constexpr uint32_t max_write = (max_request_pages - 1) * page_size;      // bytes a request
inline constexpr uint32_t max_map_pages = 256;

inline constexpr uint32_t remove_any = 0, remove_directory = 1;

struct FileStatus {
    char name[128] = {};
    uint64_t size = 0;
    int64_t modified = 0;
    uint32_t is_directory = 0;
    uint32_t blocks = 0;
};

struct SystemStatus {
    uint32_t block_count = 0;
    uint32_t free_blocks = 0;
    uint32_t cached_blocks = 0;
    uint32_t changed_blocks = 0;        // not on the disk yet
    uint32_t open_files = 0;
    int64_t now = 0;                    // the time of day: seconds since 1970, 0 if not known
};

}  // namespace fs
