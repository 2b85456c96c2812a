// Files, as programs use them: names and contents, kept by the file server (fs/). Descriptors,
// read, write, seek and stat are in lib/fd.hh.
//
// A path is names joined by '/', always from the root; "." and ".." mean what they do elsewhere,
// and the root's parent is the root. All calls return a value >= 0 or a negative error:
// not_found, not_directory, bad_path (too long, empty), exists, is_directory, not_empty,
// no_disk (disk full), max_open, corrupt, io; no_device without a file server.
#pragma once
#include "lib/fd.hh"

// Opens a file and returns its descriptor's number. `mode`: O_RDONLY, O_WRONLY or O_RDWR, and any
// of O_CREAT, O_TRUNC, O_EXCL (with O_CREAT: the file must be new), O_APPEND, O_MKDIR (make a
// directory of this name). A directory opens for reading only, with readdir.
int open(const char* path, int mode);

int mkdir(const char* path);
int remove(const char* path);                   // a file, or an empty directory
int rmdir(const char* path);                    // an empty directory
int rename(const char* from, const char* to);   // `to` must not exist

// A directory's next entry.
struct DirectoryEntry {
    char name[max_name] = {};
    off_t size = 0;
    uint32_t is_directory = 0;
    uint32_t blocks = 0;
    int64_t mtime = 0;
};
// Fills in *entry and returns 1, or returns 0 at the end.
int readdir(int number, DirectoryEntry* entry);

// Writes what is not on the disk yet: all of the file system, or of one file.
int sync();
int fsync(int number);

// Maps the file server's pages from `offset` (a multiple of the page size) on read-only at
// `window`, which has room for `max_pages`. Returns how many bytes of the file they show: at
// least one page, and less than asked where the file's blocks lie apart; 0 at the end. Whoever
// calls it unmaps the pages; writes to the file may or may not show in them.
ssize_t map_file(int number, off_t offset, void* window, size_t max_pages);

// A number that is another one after each change to the open file: to its bytes, its size, its name
// or the name of a directory above it. It lies in memory that the file server shares: no call, no
// message. Descriptors that are no files never change.
uint32_t file_changes(int number);

struct FileSystemInfo {
    uint32_t block_count = 0, free_blocks = 0;  // of 4 KiB
    uint32_t cached_blocks = 0;                 // in the file server's memory
    int64_t now = 0;                            // the time of day, seconds since 1970; 0: unknown
};
int file_system_info(FileSystemInfo* info);
