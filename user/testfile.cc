// Files as programs use them: the raw request first, then descriptors, then a large file.
#include <algorithm>
#include <array>

#include "fs/protocol.hh"
#include "lib/lib.hh"

namespace {

constexpr const char* motd_start = "This is /motd";

alignas(PGSIZE) fs::Request request;

// Opens by a request of our own, the descriptor at a page of our own.
int raw_open(const char* path, int mode, Fd* fd)
{
    strlcpy(request.data, path, sizeof request.data);
    request.mode = static_cast<uint32_t>(mode);
    const IpcMessage answer =
        ipc_call(ipc_find_env(EnvType::fs), fs::FSREQ_OPEN, PageRun::at(address_of(&request), 1),
                 PageRun::at(address_of(fd), 1));
    return answer.from < 0 ? answer.from : static_cast<int>(answer.value);
}

void require(bool holds, const char* what, int result)
{
    if (!holds) {
        panic("%s: %d (%s)", what, result, result < 0 ? error_text(result) : "no error");
    }
}

// Leaves a descriptor with number 0.
void test_open()
{
    Fd* fd = fd_pointer(0);
    int result = raw_open("/not-found", O_RDONLY, fd);
    require(result == to_abi(Error::not_found), "serve_open of a file that is not there", result);
    result = raw_open("/motd", O_RDONLY, fd);
    require(result == 0, "serve_open /motd", result);
    require(fd->fd_dev_id == file_device.id && fd->fd_offset == 0, "serve_open: descriptor", 0);
    cprintf("serve_open is good\n");
}

void test_motd()
{
    Stat status;
    int result = fstat(0, &status);
    require(result == 0 && strcmp(status.st_name, "motd") == 0 && !status.st_isdir
                && status.st_size > 0,
            "file_stat", result);
    cprintf("file_stat is good\n");

    static char text[4096];
    result = read(0, text, sizeof text);
    require(result == status.st_size && strncmp(text, motd_start, strlen(motd_start)) == 0,
            "file_read", result);
    cprintf("file_read is good\n");

    const Fd stale = *fd_pointer(0);
    result = close(0);
    require(result == 0, "file_close", result);
    cprintf("file_close is good\n");

    // The descriptor is gone: what it said is of no use any more.
    request.file = stale.fd_object;
    request.ticket = stale.fd_ticket;
    request.length = 10;
    request.offset = 0;
    const IpcMessage answer = ipc_call(ipc_find_env(EnvType::fs), fs::FSREQ_READ,
                                       PageRun::at(address_of(&request), 1));
    result = static_cast<int>(answer.value);
    require(result == to_abi(Error::bad_descriptor), "reading with a stale fileid", result);
    cprintf("stale fileid is good\n");
}

void test_write()
{
    constexpr const char* text = "A new file, written by testfile.\n";
    const int size = static_cast<int>(strlen(text));
    const int number = open("/new-file", O_RDWR | O_CREAT | O_TRUNC);
    require(number >= 0, "open /new-file", number);
    int result = write(number, text, static_cast<size_t>(size));
    require(result == size, "file_write", result);
    cprintf("file_write is good\n");

    char back[100] = {};
    seek(number, 0);
    result = read(number, back, sizeof back);
    require(result == size && strcmp(back, text) == 0, "file_read after file_write", result);
    cprintf("file_read after file_write is good\n");
    close(number);
    result = remove("/new-file");
    require(result == 0, "remove /new-file", result);
}

void test_errors()
{
    int result = open("/not-found", O_RDONLY);
    require(result == to_abi(Error::not_found), "open /not-found", result);
    result = open("/motd/x", O_RDONLY);
    require(result == to_abi(Error::not_directory), "open /motd/x", result);
    const int number = open("/motd", O_RDONLY);
    require(number >= 0, "open /motd", number);
    close(number);
    cprintf("open is good\n");
}

// A file that needs its indirect and double-indirect blocks; each piece says where it is.
void test_large()
{
    constexpr uint32_t pieces = 3000;               // of 2 KiB
    std::array<uint32_t, 512> piece{};
    int number = open("/big", O_WRONLY | O_CREAT | O_TRUNC);
    require(number >= 0, "open /big", number);
    for (uint32_t i = 0; i < pieces; i++) {
        piece.fill(i);
        const int result = write(number, piece.data(), sizeof piece);
        require(result == sizeof piece, "write /big", result);
    }
    close(number);

    number = open("/big", O_RDONLY);
    require(number >= 0, "open /big again", number);
    for (uint32_t i = 0; i < pieces; i++) {
        const int result = readn(number, piece.data(), sizeof piece);
        require(result == sizeof piece, "read /big", result);
        const bool same = std::ranges::all_of(piece, [i](uint32_t word) { return word == i; });
        require(same, "contents of /big", static_cast<int>(i));
    }
    close(number);
    const int result = remove("/big");
    require(result == 0, "remove /big", result);
    cprintf("large file is good\n");
}

}  // namespace

void umain(int, char**)
{
    test_open();
    test_motd();
    test_write();
    test_errors();
    test_large();
}
