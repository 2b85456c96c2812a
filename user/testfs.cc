// The file server against careful, careless and hostile programs. Prints a line per subject and
// "testfs: all is good" at the end; a failure panics and says what was wrong.
#include <algorithm>
#include <array>

#include "fs/protocol.hh"
#include "lib/lib.hh"

namespace {

alignas(PGSIZE) fs::Request request;
alignas(PGSIZE) std::array<uint32_t, 16384> buffer;      // 64 KiB
constexpr uintptr_t window = 0xA0000000;

void require(bool holds, const char* what, int result)
{
    if (!holds) {
        panic("%s: %d (%s)", what, result, result < 0 ? error_text(result) : "no error");
    }
}

void require_error(Error error, const char* what, int result)
{
    require(result == to_abi(error), what, result);
}

int ok(const char* what, int result)
{
    require(result >= 0, what, result);
    return result;
}

// Sends `request` as it is, with other pages if the caller says so.
int send(uint32_t operation, PageRun pages = PageRun::at(address_of(&request), 1),
         PageRun into = PageRun::at(window, 256))
{
    const IpcMessage answer = ipc_call(ipc_find_env(EnvType::fs), operation, pages, into, 20'000);
    return answer.from < 0 ? answer.from : static_cast<int>(answer.value);
}

fs::SystemStatus server_status()
{
    ok("info", send(fs::FSREQ_INFO));
    fs::SystemStatus status;
    memcpy(&status, request.data, sizeof status);
    return status;
}

void fill(uint32_t seed)
{
    for (uint32_t i = 0; i < buffer.size(); i++) {
        buffer[i] = seed * 2654435761u + i * 40503u;
    }
}

bool is_filled(uint32_t seed, size_t words = buffer.size())
{
    for (uint32_t i = 0; i < words; i++) {
        if (buffer[i] != seed * 2654435761u + i * 40503u) {
            return false;
        }
    }
    return true;
}

// Writes and reads `pieces` pieces of 64 KiB.
void write_and_read(const char* path, uint32_t pieces, uint32_t seed)
{
    int number = ok("open for writing", open(path, O_WRONLY | O_CREAT | O_TRUNC));
    for (uint32_t i = 0; i < pieces; i++) {
        fill(seed + i);
        require(write(number, buffer.data(), sizeof buffer) == sizeof buffer, "write", 0);
    }
    ok("close", close(number));
    number = ok("open for reading", open(path, O_RDONLY));
    for (uint32_t i = 0; i < pieces; i++) {
        buffer.fill(0);
        const int size = readn(number, buffer.data(), sizeof buffer);
        require(size == sizeof buffer && is_filled(seed + i), "contents", size);
    }
    require(read(number, buffer.data(), 1) == 0, "end of file", 0);
    ok("close", close(number));
}

void test_large_file()
{
    constexpr uint32_t pieces = 128;                    // 8 MiB
    const uint32_t start = sys_time_msec();
    write_and_read("/large", pieces, 1);
    const int number = ok("open", open("/large", O_RDWR));
    ok("ftruncate", ftruncate(number, 5'000'000));
    Stat status;
    ok("fstat", fstat(number, &status));
    require(status.st_size == 5'000'000, "size", static_cast<int>(status.st_size));
    ok("ftruncate", ftruncate(number, 60'000'000));     // a hole
    ok("seek", seek(number, 59'990'000));
    require(readn(number, buffer.data(), sizeof buffer) == 10'000, "read in the hole", 0);
    require(std::all_of(buffer.begin(), buffer.begin() + 2500, [](uint32_t w) { return w == 0; }),
            "the hole is zeros", 0);
    close(number);
    ok("remove", remove("/large"));
    cprintf("large files are good (%u ms)\n", sys_time_msec() - start);
}

void test_map()
{
    write_and_read("/mapped", 4, 50);
    const int number = ok("open", open("/mapped", O_RDONLY));
    const int shown = ok("map_file", map_file(number, 4096, reinterpret_cast<void*>(window), 16));
    require(shown >= 4096 && shown % 4096 == 0, "map_file", shown);
    fill(50);
    require(memcmp(reinterpret_cast<void*>(window), buffer.data() + 1024, 4096) == 0,
            "mapped contents", 0);
    require((page_table_entry(window) & PTE_W) == 0, "mapped read-only", 0);
    require_error(Error::invalid_argument, "map_file at an odd place",
                  map_file(number, 100, reinterpret_cast<void*>(window), 1));
    require(map_file(number, 4 * 65536, reinterpret_cast<void*>(window), 1) == 0,
            "map_file at the end", 0);
    sys_page_unmap_run(0, reinterpret_cast<void*>(window), 16);
    close(number);
    ok("remove", remove("/mapped"));
    cprintf("mapping is good\n");
}

void test_directories()
{
    ok("mkdir", mkdir("/dir"));
    require_error(Error::exists, "mkdir again", mkdir("/dir"));
    char path[200];
    for (int i = 0; i < 40; i++) {
        snprintf(path, sizeof path, "/dir/file%d", i);
        close(ok("create", open(path, O_WRONLY | O_CREAT | O_EXCL)));
    }
    require_error(Error::exists, "O_EXCL", open("/dir/file3", O_WRONLY | O_CREAT | O_EXCL));
    require_error(Error::is_directory, "writing a directory", open("/dir", O_RDWR));
    require_error(Error::not_empty, "rmdir", rmdir("/dir"));
    require_error(Error::not_directory, "rmdir of a file", rmdir("/dir/file1"));

    const int number = ok("open /dir", open("/dir", O_RDONLY));
    DirectoryEntry entry;
    int count = 0;
    while (ok("readdir", readdir(number, &entry)) > 0) {
        require(strncmp(entry.name, "file", 4) == 0, entry.name, 0);
        count++;
    }
    require(count == 40, "entries", count);
    close(number);

    ok("rename", rename("/dir/file0", "/dir/../moved"));
    require_error(Error::not_found, "old name", open("/dir/file0", O_RDONLY));
    require_error(Error::bad_path, "into itself", rename("/dir", "/dir/dir"));
    close(ok("open", open("/other", O_WRONLY | O_CREAT)));
    ok("rename over another", rename("/moved", "/other"));
    require_error(Error::not_found, "old name", open("/moved", O_RDONLY));
    require_error(Error::is_directory, "rename over a directory", rename("/other", "/dir"));
    ok("remove", remove("/other"));
    for (int i = 1; i < 40; i++) {
        snprintf(path, sizeof path, "/dir/file%d", i);
        ok("remove", remove(path));
    }
    ok("rmdir", rmdir("/dir"));

    memset(path, 'n', 128);
    path[0] = '/';
    path[128] = '\0';
    close(ok("a name of 127 bytes", open(path, O_WRONLY | O_CREAT)));
    ok("remove", remove(path));
    path[128] = 'n';
    path[129] = '\0';
    require_error(Error::bad_path, "a name of 128 bytes", open(path, O_WRONLY | O_CREAT));
    cprintf("directories are good\n");
}

void test_sharing()
{
    const int number = ok("open", open("/shared", O_RDWR | O_CREAT | O_TRUNC));
    const int copy = ok("dup", dup(number, 20));
    require(write(number, "abcdef", 6) == 6, "write", 0);
    ok("seek", seek(copy, 2));
    char text[8] = {};
    require(read(number, text, 2) == 2 && strcmp(text, "cd") == 0, "shared offset", 0);
    close(copy);

    ok("remove while open", remove("/shared"));
    require_error(Error::not_found, "its name", open("/shared", O_RDONLY));
    ok("seek", seek(number, 0));
    require(read(number, text, 6) == 6 && strcmp(text, "abcdef") == 0, "its contents", 0);
    close(number);

    const int first = ok("open", open("/log", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND));
    const int second = ok("open", open("/log", O_WRONLY | O_APPEND));
    write(first, "one ", 4);
    write(second, "two ", 4);
    write(first, "three", 5);
    close(first);
    close(second);
    const int log = ok("open", open("/log", O_RDONLY));
    char all[20] = {};
    require(read(log, all, sizeof all) == 13 && strcmp(all, "one two three") == 0, all, 0);
    require(write(log, "x", 1) < 0, "writing a file opened for reading", 0);
    close(log);
    ok("remove", remove("/log"));
    cprintf("shared files are good\n");
}

void test_clients()
{
    constexpr uint32_t clients = 4;
    std::array<envid_t, clients> children{};
    for (uint32_t i = 0; i < clients; i++) {
        children[i] = ok("fork", fork());
        if (children[i] == 0) {
            char path[20];
            snprintf(path, sizeof path, "/client%u", i);
            write_and_read(path, 12, 1000 * (i + 1));
            ok("remove", remove(path));
            exit(0);
        }
    }
    for (const envid_t child : children) {
        const int status = wait(child);
        require(status == 0, "a client's exit status", status);
    }
    cprintf("several clients are good\n");
}

// What a program does not close is closed when it ends.
void test_careless_client()
{
    const uint32_t before = server_status().open_files;
    const envid_t child = ok("fork", fork());
    if (child == 0) {
        for (int i = 0; i < 100; i++) {
            ok("open", open("/motd", O_RDONLY));
        }
        sys_exit(0);
    }
    wait(child);
    uint32_t after = before + 100;
    for (int tries = 0; tries < 50 && after > before; tries++) {
        sys_sleep(100);
        after = server_status().open_files;
    }
    require(after <= before, "files left open", static_cast<int>(after));
    cprintf("closing after a program's end is good\n");
}

// A full disk is an error, and everything that was written before stays.
void test_full_disk()
{
    const uint32_t start = sys_time_msec();
    const uint32_t free = server_status().free_blocks;
    const int number = ok("open", open("/fill", O_RDWR | O_CREAT | O_TRUNC));
    uint32_t pieces = 0;
    int result = 0;
    do {
        fill(pieces);
        result = write(number, buffer.data(), sizeof buffer);
        pieces += result == sizeof buffer ? 1 : 0;
    } while (result == sizeof buffer);
    if (result > 0) {
        result = write(number, buffer.data(), sizeof buffer);       // the last write was short
    }
    require_error(Error::no_disk, "writing to a full disk", result);
    require_error(Error::no_disk, "and once more", write(number, "x", 1));
    require_error(Error::no_disk, "a directory on a full disk", [] {
        char path[20];
        int made = 0;
        for (int i = 0; i < 17 && made >= 0; i++) {     // 16 fit into a block that is there
            snprintf(path, sizeof path, "/full%d", i);
            made = mkdir(path);
        }
        return made;
    }());
    ok("sync", sync());
    for (uint32_t i = 0; i < pieces; i += 7) {
        ok("seek", seek(number, static_cast<off_t>(i * sizeof buffer)));
        const int size = readn(number, buffer.data(), sizeof buffer);
        require(size == sizeof buffer && is_filled(i), "contents of a full disk", size);
    }
    close(number);
    ok("remove", remove("/fill"));
    for (int i = 0; i < 17; i++) {
        char path[20];
        snprintf(path, sizeof path, "/full%d", i);
        remove(path);
    }
    const uint32_t after = server_status().free_blocks;
    require(after + 1 >= free, "room after removing", static_cast<int>(after));
    cprintf("a full disk is good (%u MiB, %u ms)\n", pieces / 16, sys_time_msec() - start);
}

int open_at(uintptr_t page, const char* path, uint32_t mode)
{
    request = {};
    strlcpy(request.data, path, sizeof request.data);
    request.mode = mode;
    return send(fs::FSREQ_OPEN, PageRun::at(address_of(&request), 1), PageRun::at(page, 1));
}

void test_too_many()
{
    uint32_t count = 0;
    int result = 0;
    while (count < 5000 && (result = open_at(window + count * page_size, "/motd", O_RDONLY)) == 0) {
        count++;
    }
    require(count >= 256, "files open at once", static_cast<int>(count));
    require_error(Error::max_open, "one file too many", result);
    require_error(Error::max_open, "and no file is made",
                  open_at(window + count * page_size, "/too-many", O_WRONLY | O_CREAT));
    sys_page_unmap_run(0, reinterpret_cast<void*>(window), count);
    close(ok("open again", open("/motd", O_RDONLY)));
    require_error(Error::not_found, "no file was made", open("/too-many", O_RDONLY));
    cprintf("%u open files are good\n", count);
}

void test_tickets()
{
    const int number = ok("open", open("/motd", O_RDONLY));
    const Fd fd = *fd_pointer(number);
    request = {};
    request.file = fd.fd_object;
    request.length = 4;
    for (const uint64_t wrong : {uint64_t{0}, uint64_t{1}, fd.fd_ticket + 1, ~fd.fd_ticket}) {
        request.ticket = wrong;
        require_error(Error::bad_descriptor, "a wrong ticket", send(fs::FSREQ_READ));
    }
    request.ticket = fd.fd_ticket;
    for (const uint32_t wrong : {fd.fd_object + 1, 1024u, 0x80000000u, ~0u}) {
        request.file = wrong;
        require_error(Error::bad_descriptor, "a wrong file", send(fs::FSREQ_READ));
    }
    request.file = fd.fd_object;
    require(send(fs::FSREQ_READ) == 4, "the right ticket", 0);
    request.length = 4;
    require_error(Error::not_permitted, "writing for reading only", send(fs::FSREQ_WRITE));
    require_error(Error::not_permitted, "truncating for reading only", send(fs::FSREQ_SET_SIZE));
    close(number);
    require_error(Error::bad_descriptor, "a stale ticket", send(fs::FSREQ_READ));
    cprintf("tickets are good\n");
}

void test_hostile_requests()
{
    const PageRun page = PageRun::at(address_of(&request), 1);
    const PageRun read_only = PageRun::at(address_of(&request), 1, false);
    request = {};
    for (uint32_t operation = 0; operation < 40; operation++) {
        const int without = send(operation, PageRun::none());
        require(without < 0 || operation == fs::FSREQ_SYNC, "no page", static_cast<int>(operation));
        const int unwritable = send(operation, read_only);
        require(unwritable < 0 || operation == fs::FSREQ_SYNC, "a read-only page",
                static_cast<int>(operation));
    }
    require_error(Error::not_supported, "an unknown operation", send(12345, page));

    memset(request.data, '/', sizeof request.data);     // no zero anywhere
    require_error(Error::bad_path, "a path without end", send(fs::FSREQ_OPEN));
    require_error(Error::bad_path, "a path without end", send(fs::FSREQ_REMOVE));
    require_error(Error::bad_path, "a path without end", send(fs::FSREQ_RENAME));
    request = {};
    require_error(Error::bad_path, "an empty path", send(fs::FSREQ_OPEN));
    strlcpy(request.data, "/", sizeof request.data);
    require_error(Error::not_permitted, "removing the root", send(fs::FSREQ_REMOVE));
    strlcpy(request.data, "/../../motd", sizeof request.data);
    request.mode = 3;
    require_error(Error::invalid_argument, "access mode 3", send(fs::FSREQ_OPEN));
    request.mode = 0xFFFF0000;
    require_error(Error::invalid_argument, "unknown mode bits", send(fs::FSREQ_OPEN));

    // More pages than the server takes at once.
    ok("pages", sys_page_alloc_run(0, reinterpret_cast<void*>(window), 40, PTE_P | PTE_U | PTE_W));
    const int many = send(fs::FSREQ_READ, PageRun::at(window, 40), PageRun::none());
    require(many < 0, "40 pages", many);
    sys_page_unmap_run(0, reinterpret_cast<void*>(window), 40);
    // A window smaller than the answer, and none at all: the server goes on.
    request = {};
    strlcpy(request.data, "/motd", sizeof request.data);
    send(fs::FSREQ_OPEN, page, PageRun::none());
    ok("the server goes on", send(fs::FSREQ_INFO));

    const int number = ok("open", open("/hostile", O_RDWR | O_CREAT | O_TRUNC));
    const Fd fd = *fd_pointer(number);
    request = {};
    request.file = fd.fd_object;
    request.ticket = fd.fd_ticket;
    request.length = sizeof request.data + 1;
    require_error(Error::invalid_argument, "more data than pages", send(fs::FSREQ_WRITE));
    request.length = ~0u;
    require_error(Error::invalid_argument, "a length of 4 GiB", send(fs::FSREQ_WRITE));
    request.length = 10;
    for (const uint64_t offset : {uint64_t{0x7FFFFFFF}, ~uint64_t{0}, ~uint64_t{0} - 5}) {
        request.offset = offset;
        require_error(Error::too_big, "an offset beyond all files", send(fs::FSREQ_WRITE));
        require(send(fs::FSREQ_READ) == 0, "reading beyond all files", 0);
    }
    request.offset = ~uint64_t{0} - 4095;
    require(send(fs::FSREQ_MAP) == 0, "mapping beyond all files", 0);
    require_error(Error::too_big, "a size beyond all files", send(fs::FSREQ_SET_SIZE));
    request.offset = 0;
    request.length = 0;
    require_error(Error::invalid_argument, "mapping nothing", send(fs::FSREQ_MAP));
    close(number);
    ok("remove", remove("/hostile"));
    cprintf("hostile requests are good\n");
}

}  // namespace

void umain(int, char**)
{
    const fs::SystemStatus before = server_status();
    test_large_file();
    test_map();
    test_directories();
    test_sharing();
    test_clients();
    test_careless_client();
    test_full_disk();
    test_too_many();
    test_tickets();
    test_hostile_requests();
    ok("sync", sync());
    const fs::SystemStatus after = server_status();
    require(after.changed_blocks == 0, "blocks not written by sync",
            static_cast<int>(after.changed_blocks));
    // The root directory may have grown, by one block for every 16 files.
    require(before.free_blocks - after.free_blocks <= 1, "blocks lost",
            static_cast<int>(before.free_blocks - after.free_blocks));
    cprintf("testfs: all is good\n");
}
