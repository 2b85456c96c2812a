#include "lib/file.hh"

#include <algorithm>

#include "fs/descriptor.hh"
#include "fs/layout.hh"
#include "fs/protocol.hh"
#include "inc/error.hh"
#include "inc/mmu.h"
#include "inc/string.hh"
#include "lib/ipc.hh"
#include "lib/syscall.hh"

using fs::Request;

// The request page. It is written before each request is sent, so it is the program's own even
// after a fork.
alignas(PGSIZE) static Request request;

// Where the server's pages are mapped while read copies from them, and where the pages of a large
// write are put together: both are empty between calls.
static constexpr uintptr_t read_window = 0xD1000000;
static constexpr uintptr_t write_pages = 0xD1400000;
static constexpr size_t copied_read = 2048;     // up to here the request page carries the bytes

static envid_t file_server()
{
    static envid_t server = 0;
    if (server == 0 || envs[env_index(server)].env_id != server
        || envs[env_index(server)].env_status == EnvStatus::free) {
        server = ipc_find_env(EnvType::fs);
    }
    return server;
}

static IpcMessage call(uint32_t operation, PageRun outgoing, PageRun window = {})
{
    const envid_t server = file_server();
    if (server == 0) {
        return {to_abi(Error::no_device), 0, {}};
    }
    return ipc_call(server, operation, outgoing, window);
}

static PageRun request_page()
{
    return PageRun::at(address_of(&request), 1);
}

static int result_of(const IpcMessage& answer)
{
    return answer.from < 0 ? answer.from : static_cast<int>(answer.value);
}

static void name_file(Request& target, const Fd& fd)
{
    target.file = fd.fd_object;
    target.ticket = fd.fd_ticket;
}

// Puts a path into the request at `at`; returns its length with the zero, or bad_path.
static int put_path(size_t at, const char* path)
{
    const size_t length = strnlen(path, max_path);
    if (length == max_path) {
        return to_abi(Error::bad_path);
    }
    memcpy(request.data + at, path, length);
    request.data[at + length] = '\0';
    return static_cast<int>(length) + 1;
}

static int call_with_path(uint32_t operation, const char* path, uint32_t mode)
{
    if (const int length = put_path(0, path); length < 0) {
        return length;
    }
    request.mode = mode;
    return result_of(call(operation, request_page()));
}

static int call_with_file(uint32_t operation, const Fd& fd)
{
    name_file(request, fd);
    return result_of(call(operation, request_page()));
}

int open(const char* path, int mode)
{
    Fd* fd = nullptr;
    if (const int result = fd_alloc(&fd); result < 0) {
        return result;
    }
    if (const int length = put_path(0, path); length < 0) {
        return length;
    }
    request.mode = static_cast<uint32_t>(mode);
    const IpcMessage answer =
        call(fs::FSREQ_OPEN, request_page(), PageRun::at(address_of(fd), 1));
    if (const int result = result_of(answer); result < 0) {
        return result;
    }
    if (answer.pages.count() != 1) {
        return to_abi(Error::io);
    }
    const int shared = sys_page_map(0, fd, 0, fd, PTE_P | PTE_U | PTE_W | PTE_SHARE);
    if (shared < 0) {
        sys_page_unmap(0, fd);
        return shared;
    }
    return fd2num(fd);
}

int mkdir(const char* path)
{
    const int number = open(path, O_RDONLY | O_CREAT | O_EXCL | O_MKDIR);
    return number < 0 ? number : close(number);
}

int remove(const char* path)
{
    return call_with_path(fs::FSREQ_REMOVE, path, fs::remove_any);
}

int rmdir(const char* path)
{
    return call_with_path(fs::FSREQ_REMOVE, path, fs::remove_directory);
}

int rename(const char* from, const char* to)
{
    const int length = put_path(0, from);
    if (length < 0) {
        return length;
    }
    if (const int second = put_path(static_cast<size_t>(length), to); second < 0) {
        return second;
    }
    return result_of(call(fs::FSREQ_RENAME, request_page()));
}

int sync()
{
    request.mode = 0;
    return result_of(call(fs::FSREQ_SYNC, request_page()));
}

// Finds a descriptor that must be a file's.
static int find_file(int number, Fd** fd)
{
    if (const int result = fd_lookup(number, fd); result < 0) {
        return result;
    }
    return (*fd)->fd_dev_id == file_device.id ? 0 : to_abi(Error::not_supported);
}

int fsync(int number)
{
    Fd* fd = nullptr;
    const int result = find_file(number, &fd);
    return result < 0 ? result : call_with_file(fs::FSREQ_FLUSH, *fd);
}

int file_system_info(FileSystemInfo* info)
{
    request.mode = 0;
    const int result = result_of(call(fs::FSREQ_INFO, request_page()));
    if (result == 0) {
        fs::SystemStatus status;
        memcpy(&status, request.data, sizeof status);
        *info = {status.block_count, status.free_blocks, status.cached_blocks, status.now};
    }
    return result;
}

uint32_t file_changes(int number)
{
    Fd* fd = nullptr;
    return find_file(number, &fd) < 0
        ? 0 : reinterpret_cast<const volatile fs::FileDescriptor*>(fd)->changes;
}

// Maps pages of the file and returns the bytes that they show, as the server says it; *mapped is
// the number of pages that came, also with an error.
static ssize_t map_pages(const Fd& fd, off_t offset, uintptr_t window, size_t max_pages,
                         uint32_t* mapped)
{
    name_file(request, fd);
    request.offset = static_cast<uint64_t>(offset);
    request.length = static_cast<uint32_t>(std::min<size_t>(max_pages, fs::max_map_pages));
    const IpcMessage answer =
        call(fs::FSREQ_MAP, request_page(), PageRun::at(window, request.length));
    *mapped = answer.from < 0 ? 0 : answer.pages.count();
    const int result = result_of(answer);
    if (result > 0 && static_cast<size_t>(result) > *mapped * page_size) {
        return to_abi(Error::io);
    }
    return result;
}

ssize_t map_file(int number, off_t offset, void* window, size_t max_pages)
{
    Fd* fd = nullptr;
    if (const int result = find_file(number, &fd); result < 0) {
        return result;
    }
    if (offset < 0 || offset % static_cast<off_t>(page_size) != 0 || max_pages == 0) {
        return to_abi(Error::invalid_argument);
    }
    uint32_t mapped = 0;
    return map_pages(*fd, offset, reinterpret_cast<uintptr_t>(window), max_pages, &mapped);
}

// One request's worth of a read through mapped pages.
static ssize_t read_mapped(Fd& fd, void* buffer, size_t size)
{
    const size_t start = static_cast<size_t>(fd.fd_offset) % page_size;
    const size_t wanted = pages_for(start + std::min(size, fs::max_map_pages * page_size));
    uint32_t mapped = 0;
    const ssize_t shown = map_pages(fd, round_down(fd.fd_offset, page_size), read_window, wanted,
                                    &mapped);
    ssize_t moved = shown < 0 ? shown : 0;
    if (shown > 0 && static_cast<size_t>(shown) > start) {
        const size_t part = std::min(size, static_cast<size_t>(shown) - start);
        memcpy(buffer, reinterpret_cast<const char*>(read_window) + start, part);
        moved = static_cast<ssize_t>(part);
    }
    if (mapped > 0) {
        sys_page_unmap_run(0, reinterpret_cast<void*>(read_window), mapped);
    }
    return moved;
}

static ssize_t read_copied(Fd& fd, void* buffer, size_t size)
{
    request.offset = static_cast<uint64_t>(fd.fd_offset);
    request.length = static_cast<uint32_t>(size);
    const int result = call_with_file(fs::FSREQ_READ, fd);
    if (result > static_cast<int>(size)) {
        return to_abi(Error::io);
    }
    if (result > 0) {
        memcpy(buffer, request.data, static_cast<size_t>(result));
    }
    return result;
}

static ssize_t file_read(Fd& fd, void* buffer, size_t size)
{
    size_t done = 0;
    while (done < size) {
        const size_t left = size - done;
        char* to = static_cast<char*>(buffer) + done;
        const ssize_t moved = left <= copied_read ? read_copied(fd, to, left)
                                                  : read_mapped(fd, to, left);
        if (moved < 0) {
            return done > 0 ? static_cast<ssize_t>(done) : moved;
        }
        if (moved == 0) {
            break;
        }
        done += static_cast<size_t>(moved);
        fd.fd_offset += moved;
    }
    return static_cast<ssize_t>(done);
}

// Sends up to max_write bytes; the pages that carry more than one request page are made for it.
static ssize_t write_part(Fd& fd, const void* from, size_t size)
{
    Request* target = &request;
    uint32_t count = 1;
    if (size > sizeof request.data) {
        count = static_cast<uint32_t>(pages_for(offsetof(Request, data) + size));
        target = reinterpret_cast<Request*>(write_pages);
        const int result = sys_page_alloc_run(0, target, count, PTE_P | PTE_U | PTE_W);
        if (result < 0) {
            return result;
        }
    }
    name_file(*target, fd);
    target->offset = static_cast<uint64_t>(fd.fd_offset);
    target->length = static_cast<uint32_t>(size);
    target->mode = fd.fd_omode;
    memcpy(reinterpret_cast<char*>(target) + offsetof(Request, data), from, size);
    const int result =
        result_of(call(fs::FSREQ_WRITE, PageRun::at(address_of(target), count)));
    if (target != &request) {
        sys_page_unmap_run(0, target, count);
    }
    return result > static_cast<int>(size) ? to_abi(Error::io) : result;
}

static int file_stat(Fd& fd, Stat& stat)
{
    const int result = call_with_file(fs::FSREQ_STAT, fd);
    if (result < 0) {
        return result;
    }
    fs::FileStatus status;
    memcpy(&status, request.data, sizeof status);
    memcpy(stat.st_name, status.name, sizeof stat.st_name);
    stat.st_name[max_name - 1] = '\0';
    stat.st_size = static_cast<off_t>(status.size);
    stat.st_isdir = status.is_directory;
    stat.st_blocks = status.blocks;
    stat.st_mtime = status.modified;
    return 0;
}

static ssize_t file_write(Fd& fd, const void* buffer, size_t size)
{
    if ((fd.fd_omode & O_APPEND) != 0) {
        Stat now;
        if (const int result = file_stat(fd, now); result < 0) {
            return result;
        }
        fd.fd_offset = now.st_size;
    }
    size_t done = 0;
    while (done < size) {
        const size_t part = std::min<size_t>(size - done, fs::max_write);
        const ssize_t moved = write_part(fd, static_cast<const char*>(buffer) + done, part);
        if (moved < 0) {
            return done > 0 ? static_cast<ssize_t>(done) : moved;
        }
        done += static_cast<size_t>(moved);
        fd.fd_offset += moved;
        if (static_cast<size_t>(moved) < part) {
            break;
        }
    }
    return static_cast<ssize_t>(done);
}

static int file_truncate(Fd& fd, off_t size)
{
    request.offset = static_cast<uint64_t>(size);
    return call_with_file(fs::FSREQ_SET_SIZE, fd);
}

// Writes the file to the disk: who closed it may rely on that.
static int file_close(Fd& fd)
{
    return (fd.fd_omode & O_ACCMODE) == O_RDONLY ? 0 : call_with_file(fs::FSREQ_FLUSH, fd);
}

constinit const Device file_device{
    .id = file_device_id,
    .name = "file",
    .read = file_read,
    .write = file_write,
    .close = file_close,
    .stat = file_stat,
    .truncate = file_truncate,
};

int readdir(int number, DirectoryEntry* entry)
{
    Fd* fd = nullptr;
    if (const int result = find_file(number, &fd); result < 0) {
        return result;
    }
    fs::FileRecord record;
    for (;;) {
        const ssize_t size = readn(number, &record, sizeof record);
        if (size <= 0) {
            return size;
        }
        if (static_cast<size_t>(size) < sizeof record || record.name.back() != '\0') {
            return to_abi(Error::corrupt);
        }
        if (record.is_free()) {
            continue;
        }
        memcpy(entry->name, record.name.data(), sizeof entry->name);
        entry->size = static_cast<off_t>(record.size);
        entry->is_directory = record.is_directory() ? 1 : 0;
        entry->blocks = record.blocks();
        entry->mtime = record.modified;
        return 1;
    }
}
