// File descriptors: small numbers for open files, sockets, pipes and the console alike.
//
// Each descriptor is a page of its own in the table at FDTABLE, mapped with PTE_SHARE so that
// spawn, like fork, hands it on: parent and child then share one offset. The page of a file or socket
// belongs to its server, which sees by the page's reference count when nobody holds it any more
// (docs/architecture.md); a program may write anything into it and fools only itself.
//
// A kind of descriptor is a Device. A new kind defines its device (`extern const Device` below),
// and opens with fd_alloc. All calls return a value >= 0 or a negative error (inc/error.hh).
#pragma once
#include "inc/layout.h"
#include "inc/types.hh"

using ssize_t = int;
using off_t = long;                             // a position in a file: below 2 GiB

inline constexpr int max_fds = 704;             // of one program
inline constexpr uintptr_t fd_table = 0xD0000000;       // JOS's FDTABLE: a page a descriptor
// And a page of data each. They lie below, so that fork and spawn, which go up through memory,
// share a descriptor's data before the descriptor itself: lib/pipe.cc relies on it.
inline constexpr uintptr_t fd_data_pages = fd_table - max_fds * page_size;

inline constexpr int O_RDONLY = 0x0000, O_WRONLY = 0x0001, O_RDWR = 0x0002, O_ACCMODE = 0x0003,
    O_CREAT = 0x0100, O_TRUNC = 0x0200, O_EXCL = 0x0400, O_MKDIR = 0x0800,
    O_NONBLOCK = 0x1000, O_APPEND = 0x2000;

inline constexpr size_t max_name = 128;         // a file's name with its final zero
inline constexpr size_t max_path = 1024;        // a path with its final zero

// The start of a descriptor's page. The server of a file or socket fills it in.
struct Fd {
    uint32_t fd_dev_id = 0;                     // Device::id
    uint32_t fd_omode = 0;                      // O_*
    off_t fd_offset = 0;                        // where the next read or write goes
    uint32_t fd_object = 0;                     // the server's number for the file or socket,
    uint64_t fd_ticket = 0;                     //   and the secret that a request must show
};
static_assert(sizeof(Fd) == 24);

struct Device;

// What fstat and stat tell.
struct Stat {
    char st_name[max_name] = {};
    off_t st_size = 0;
    uint32_t st_isdir = 0;
    uint32_t st_blocks = 0;                     // blocks of 4 KiB that it has on disk
    int64_t st_mtime = 0;                       // seconds since 1970, UTC
    const Device* st_dev = nullptr;
};

// A kind of descriptor. A null operation is not_supported. `read` returns 0 at the end and, like
// `write`, may move less than asked; both advance fd_offset where the device has positions.
struct Device {
    uint32_t id;                                // a letter, unique
    const char* name;
    ssize_t (*read)(Fd& fd, void* buffer, size_t size);
    ssize_t (*write)(Fd& fd, const void* buffer, size_t size);
    int (*close)(Fd& fd);                       // before this program's mapping goes away
    int (*stat)(Fd& fd, Stat& stat);
    int (*truncate)(Fd& fd, off_t size);
};
inline constexpr uint32_t file_device_id = 'f';
extern const Device file_device;                // 'f', lib/file.cc
extern const Device socket_device;              // 's', lib/socket.cc
extern const Device console_device;             // 'c', lib/console.cc
extern const Device pipe_device;                // 'p', lib/pipe.cc

// For devices: the parts of opening a descriptor.

constexpr uintptr_t fd_address(int number)
{
    return fd_table + static_cast<uintptr_t>(number) * page_size;
}
inline Fd* fd_pointer(int number) { return reinterpret_cast<Fd*>(fd_address(number)); }
int fd2num(const Fd* fd);
char* fd2data(const Fd* fd);                    // the descriptor's data page (pipes)

// Finds the lowest free number and sets *fd to its page, which is not mapped: map one there
// (PTE_SHARE), else the number stays free. Returns 0 or max_open.
int fd_alloc(Fd** fd);

// Sets *fd to an open descriptor's page. Returns 0, or bad_descriptor.
int fd_lookup(int number, Fd** fd);

// Unmaps a descriptor's pages after its device's close. With `must_exist` false a descriptor
// that is not open is no error.
int fd_close(Fd* fd, bool must_exist);

// Sets *device to the device of this id. Returns 0, or bad_descriptor.
int dev_lookup(uint32_t id, const Device** device);

// For programs.

int close(int number);
void close_all();
ssize_t read(int number, void* buffer, size_t size);            // 0: end of file
ssize_t readn(int number, void* buffer, size_t size);           // short only at the end
ssize_t write(int number, const void* buffer, size_t size);
ssize_t writen(int number, const void* buffer, size_t size);    // all of it, or an error
int seek(int number, off_t offset);                             // from the start; 0 or an error
int pipe(int numbers[2]);                       // read from numbers[0] what is written to [1]
int dup(int old_number, int new_number);                        // returns new_number
int set_inherited(int number, bool inherited);  // whether spawn hands it on; dup keeps it so,
                                                // fork always hands it on
int fstat(int number, Stat* stat);
int stat(const char* path, Stat* stat);
int ftruncate(int number, off_t size);
