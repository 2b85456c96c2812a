#include "lib/fd.hh"

#include "inc/error.hh"
#include "inc/mmu.h"
#include "lib/file.hh"
#include "lib/syscall.hh"

// A device that the program is linked without is absent from the table. Console and pipes never
// are: a program may inherit them as descriptors 0 to 2.
extern const Device socket_device [[gnu::weak]];

static constinit const Device* const devices[] = {&file_device, &socket_device, &console_device,
                                                  &pipe_device};

static bool is_mapped(uintptr_t va)
{
    return (page_table_entry(va) & PTE_P) != 0;
}

int fd2num(const Fd* fd)
{
    return static_cast<int>((reinterpret_cast<uintptr_t>(fd) - fd_table) / page_size);
}

char* fd2data(const Fd* fd)
{
    return reinterpret_cast<char*>(fd_data_pages
                                   + static_cast<uintptr_t>(fd2num(fd)) * page_size);
}

int fd_alloc(Fd** fd)
{
    for (int number = 0; number < max_fds; number++) {
        if (!is_mapped(fd_address(number))) {
            *fd = fd_pointer(number);
            return 0;
        }
    }
    *fd = nullptr;
    return to_abi(Error::max_open);
}

int fd_lookup(int number, Fd** fd)
{
    if (number < 0 || number >= max_fds || !is_mapped(fd_address(number))) {
        return to_abi(Error::bad_descriptor);
    }
    *fd = fd_pointer(number);
    return 0;
}

int dev_lookup(uint32_t id, const Device** device)
{
    for (const Device* candidate : devices) {
        if (candidate != nullptr && candidate->id == id) {
            *device = candidate;
            return 0;
        }
    }
    *device = nullptr;
    return to_abi(Error::bad_descriptor);
}

int fd_close(Fd* fd, bool must_exist)
{
    Fd* open = nullptr;
    if (const int result = fd_lookup(fd2num(fd), &open); result < 0) {
        return must_exist ? result : 0;
    }
    const Device* device = nullptr;
    int result = dev_lookup(fd->fd_dev_id, &device);
    if (result == 0 && device->close != nullptr) {
        result = device->close(*fd);
    }
    sys_page_unmap(0, fd);
    if (char* data = fd2data(fd); is_mapped(reinterpret_cast<uintptr_t>(data))) {
        sys_page_unmap(0, data);
    }
    return result;
}

// The open descriptor `number` and its device; both stay null with an error.
struct OpenDescriptor {
    Fd* fd = nullptr;
    const Device* device = nullptr;
    int error = 0;
};

static OpenDescriptor find_open(int number)
{
    OpenDescriptor found;
    found.error = fd_lookup(number, &found.fd);
    if (found.error == 0) {
        found.error = dev_lookup(found.fd->fd_dev_id, &found.device);
    }
    return found;
}

int close(int number)
{
    Fd* fd = nullptr;
    if (const int result = fd_lookup(number, &fd); result < 0) {
        return result;
    }
    return fd_close(fd, true);
}

void close_all()
{
    for (int number = 0; number < max_fds; number++) {
        if (is_mapped(fd_address(number))) {
            close(number);
        }
    }
}

ssize_t read(int number, void* buffer, size_t size)
{
    const OpenDescriptor open = find_open(number);
    if (open.error < 0) {
        return open.error;
    }
    if ((open.fd->fd_omode & O_ACCMODE) == O_WRONLY) {
        return to_abi(Error::invalid_argument);
    }
    if (open.device->read == nullptr) {
        return to_abi(Error::not_supported);
    }
    return open.device->read(*open.fd, buffer, size);
}

ssize_t write(int number, const void* buffer, size_t size)
{
    const OpenDescriptor open = find_open(number);
    if (open.error < 0) {
        return open.error;
    }
    if ((open.fd->fd_omode & O_ACCMODE) == O_RDONLY) {
        return to_abi(Error::invalid_argument);
    }
    if (open.device->write == nullptr) {
        return to_abi(Error::not_supported);
    }
    return open.device->write(*open.fd, buffer, size);
}

ssize_t readn(int number, void* buffer, size_t size)
{
    size_t done = 0;
    while (done < size) {
        const ssize_t moved = read(number, static_cast<char*>(buffer) + done, size - done);
        if (moved < 0) {
            return moved;
        }
        if (moved == 0) {
            break;
        }
        done += static_cast<size_t>(moved);
    }
    return static_cast<ssize_t>(done);
}

ssize_t writen(int number, const void* buffer, size_t size)
{
    size_t done = 0;
    while (done < size) {
        const ssize_t moved = write(number, static_cast<const char*>(buffer) + done, size - done);
        if (moved < 0) {
            return moved;
        }
        done += static_cast<size_t>(moved);
    }
    return static_cast<ssize_t>(done);
}

int seek(int number, off_t offset)
{
    Fd* fd = nullptr;
    if (const int result = fd_lookup(number, &fd); result < 0) {
        return result;
    }
    if (offset < 0) {
        return to_abi(Error::invalid_argument);
    }
    fd->fd_offset = offset;
    return 0;
}

int dup(int old_number, int new_number)
{
    Fd* old = nullptr;
    if (const int result = fd_lookup(old_number, &old); result < 0) {
        return result;
    }
    if (new_number < 0 || new_number >= max_fds) {
        return to_abi(Error::bad_descriptor);
    }
    if (new_number == old_number) {
        return new_number;
    }
    close(new_number);                          // not being open is no error here
    Fd* copy = fd_pointer(new_number);

    // Data first: who finds a descriptor mapped may rely on its data being there.
    constexpr uint32_t kept = PTE_SYSCALL;
    const uintptr_t data = reinterpret_cast<uintptr_t>(fd2data(old));
    if (is_mapped(data)) {
        const int result = sys_page_map(0, fd2data(old), 0, fd2data(copy),
                                        page_table_entry(data) & kept);
        if (result < 0) {
            return result;
        }
    }
    const uint32_t entry = page_table_entry(reinterpret_cast<uintptr_t>(old));
    if (const int result = sys_page_map(0, old, 0, copy, entry & kept); result < 0) {
        sys_page_unmap(0, fd2data(copy));
        return result;
    }
    return new_number;
}

// Maps the page that is at `va` once more, with or without PTE_SHARE.
static int set_shared(uintptr_t va, bool shared)
{
    const uint32_t rights = page_table_entry(va) & PTE_SYSCALL & ~uint32_t{PTE_SHARE};
    auto* const page = reinterpret_cast<void*>(va);
    return sys_page_map(0, page, 0, page, rights | (shared ? PTE_SHARE : 0));
}

int set_inherited(int number, bool inherited)
{
    Fd* fd = nullptr;
    int result = fd_lookup(number, &fd);
    if (result == 0) {
        result = set_shared(reinterpret_cast<uintptr_t>(fd), inherited);
    }
    if (const auto data = reinterpret_cast<uintptr_t>(fd2data(fd)); result == 0 && is_mapped(data)) {
        result = set_shared(data, inherited);
    }
    return result;
}

int fstat(int number, Stat* stat)
{
    const OpenDescriptor open = find_open(number);
    if (open.error < 0) {
        return open.error;
    }
    if (open.device->stat == nullptr) {
        return to_abi(Error::not_supported);
    }
    *stat = {};
    stat->st_dev = open.device;
    return open.device->stat(*open.fd, *stat);
}

int stat(const char* path, Stat* stat)
{
    const int number = open(path, O_RDONLY);
    if (number < 0) {
        return number;
    }
    const int result = fstat(number, stat);
    close(number);
    return result;
}

int ftruncate(int number, off_t size)
{
    const OpenDescriptor open = find_open(number);
    if (open.error < 0) {
        return open.error;
    }
    if ((open.fd->fd_omode & O_ACCMODE) == O_RDONLY || size < 0) {
        return to_abi(Error::invalid_argument);
    }
    if (open.device->truncate == nullptr) {
        return to_abi(Error::not_supported);
    }
    return open.device->truncate(*open.fd, size);
}
