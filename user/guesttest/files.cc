// Files and descriptors over the file server, and what programs may send it.
#include "user/guesttest/test.hh"

namespace {

constexpr const char* path = "/guesttest.tmp";
char buffer[64 * 1024];

int open_new(const char* name = path)
{
    return check_result(open(name, O_RDWR | O_CREAT | O_TRUNC), "open of a new file");
}

void fill(size_t size, unsigned seed)
{
    for (size_t i = 0; i < size; i++) {
        buffer[i] = static_cast<char>(i * 7 + i / 251 + seed);
    }
}

void contents_come_back()
{
    const int file = open_new();
    fill(sizeof buffer, 1);
    check_equal(writen(file, buffer, sizeof buffer), sizeof buffer, "writen");
    check_result(seek(file, 0), "seek");
    static char copy[sizeof buffer];
    check_equal(readn(file, copy, sizeof copy), sizeof copy, "readn");
    check(memcmp(copy, buffer, sizeof copy) == 0, "what was read is not what was written");
    check_equal(read(file, copy, 1), 0, "read at the end");
    check_result(close(file), "close");
    check_result(remove(path), "remove");
}

void big_files_work()
{
    constexpr unsigned pieces = 40;
    const int file = open_new();
    for (unsigned i = 0; i < pieces; i++) {
        fill(sizeof buffer, i);
        check_equal(writen(file, buffer, sizeof buffer), sizeof buffer, "writen");
    }
    static char copy[sizeof buffer];
    for (unsigned i = pieces; i-- > 0;) {
        fill(sizeof buffer, i);
        check_result(seek(file, static_cast<off_t>(i * sizeof buffer)), "seek");
        check_equal(readn(file, copy, sizeof copy), sizeof copy, "readn");
        check(memcmp(copy, buffer, sizeof copy) == 0, "a piece of a big file is wrong");
    }
    Stat status;
    check_result(fstat(file, &status), "fstat");
    check_equal(status.st_size, static_cast<long>(pieces * sizeof buffer), "the file's size");
    check_result(close(file), "close");
    check_result(remove(path), "remove");
}

void modes_and_errors()
{
    check_error(open("/no/such/file", O_RDONLY), Error::not_found, "open of what is not there");
    check_error(open("/motd/x", O_RDONLY), Error::not_directory, "open below a file");
    check_error(open("/", O_RDWR), Error::is_directory, "open of a directory for writing");
    check_error(open("", O_RDONLY), Error::bad_path, "open of an empty path");
    memset(buffer, 'a', sizeof buffer);
    buffer[0] = '/';
    buffer[5000] = '\0';
    check_error(open(buffer, O_RDONLY), Error::bad_path, "open of a path that is too long");

    const int file = open_new();
    check_error(open(path, O_RDWR | O_CREAT | O_EXCL), Error::exists, "open of an old file as new");
    check_result(close(file), "close");
    char byte = 0;
    for (const int number : {-1, 5, max_fds, 0x7FFFFFFF}) {
        check_error(read(number, &byte, 1), Error::bad_descriptor, "read of no descriptor");
        check_error(write(number, &byte, 1), Error::bad_descriptor, "write of no descriptor");
        check_error(close(number), Error::bad_descriptor, "close of no descriptor");
    }
    check_result(remove(path), "remove");
    check_error(remove(path), Error::not_found, "remove of what is not there");
}

void read_only_stays_so()
{
    const int file = check_result(open("/motd", O_RDONLY), "open");
    check(write(file, "x", 1) < 0, "a file open for reading was written");
    const ssize_t mapped = map_file(file, 0, scratch_page(), 1);
    check_result(mapped, "map_file");
    check((page_table_entry(address_of(scratch_page())) & PTE_W) == 0,
          "the file server's cache is mapped writable");
    check_error(sys_page_map(0, scratch_page(), 0, scratch_page(1), page_rights),
                Error::invalid_argument, "page_map that makes the cache writable");
    check_result(close(file), "close");
}

void descriptors_are_shared_with_children()
{
    const int file = open_new();
    check_equal(writen(file, "0123456789", 10), 10, "writen");
    check_result(seek(file, 0), "seek");
    check_equal(status_of([file] { check_equal(readn(file, buffer, 5), 5, "readn"); }), 0,
                "status of a child that reads");
    check_equal(readn(file, buffer, 5), 5, "readn");
    check(memcmp(buffer, "56789", 5) == 0, "parent and child do not share the offset");
    const int copy = check_result(dup(file, 9), "dup");
    check_result(close(file), "close");
    check_result(seek(copy, 2), "seek of the duplicate");
    check_result(close(copy), "close");
    check_result(remove(path), "remove");
}

void descriptors_run_out()
{
    int count = 0, result = 0;
    while ((result = open("/motd", O_RDONLY)) >= 0) {
        count++;
    }
    check_error(result, Error::max_open, "open of one file too many");
    check(count > 100, "only a few files can be open");
    close_all();
    check_result(open("/motd", O_RDONLY), "open after all were closed");
}

// Keeps the descriptor pages under addresses of its own, so that the table of descriptors is no
// limit; another program must still find files to open.
void one_program_cannot_have_all_files()
{
    int count = 0, result = 0;
    while ((result = open("/motd", O_RDONLY)) >= 0 && count < 2000) {
        check_result(sys_page_map(0, fd_pointer(result), 0, scratch_page(unsigned(count)),
                                  PTE_P | PTE_U | PTE_W), "page_map");
        check_result(sys_page_unmap(0, fd_pointer(result)), "page_unmap");
        count++;
    }
    check_error(result, Error::max_open, "open of more than a program's share");
    check(count > 500, "a program's share of open files is small");
    check_equal(status_of([] { check_result(open("/motd", O_RDONLY), "open"); }), 0,
                "status of another program that opens a file");
}

// The runner's leak check and the other tests see whether the server lost anything.
void crashed_clients_are_cleaned_up()
{
    for (int i = 0; i < 10; i++) {
        const int status = status_of([] {
            for (int n = 0; n < 50; n++) {
                check_result(open("/motd", O_RDONLY), "open");
            }
            sys_env_set_pgfault_upcall(0, nullptr);
            *reinterpret_cast<volatile char*>(KERNBASE) = 1;
        });
        check_equal(status, fault_status + T_PGFLT, "status of a client that crashes");
    }
    check_result(open("/motd", O_RDONLY), "open after the clients have crashed");
}

// Sends each value without a page, with a page of zeros, of ones and of noise.
void send_garbage(envid_t server, uint32_t value)
{
    const PageRun page = PageRun::at(address_of(scratch_page()), 1);
    const PageRun window = PageRun::at(address_of(scratch_page(8)), 8);
    ipc_call(server, value, {}, window, 2000);
    for (const int byte : {0x00, 0xFF, 0x41}) {
        memset(scratch_page(), byte, page_size);
        ipc_call(server, value, page, window, 2000);
        ipc_call(server, value, page, {}, 2000);
    }
    auto* const words = scratch_page<uint32_t>();
    for (uint32_t i = 0; i < page_size / sizeof *words; i++) {
        words[i] = i * 2654435761u;
    }
    ipc_call(server, value, page, window, 2000);
}

void garbage_does_not_stop_the_server()
{
    check_result(sys_page_alloc(0, scratch_page(), page_rights), "page_alloc");
    const envid_t server = ipc_find_env(EnvType::fs);
    for (uint32_t value = 0; value < 40; value++) {
        send_garbage(server, value);
    }
    send_garbage(server, 0xFFFFFFFF);
    const int file = check_result(open("/motd", O_RDONLY), "open after the garbage");
    check(read(file, buffer, 10) == 10, "read after the garbage");
    check_result(close(file), "close");
}

void programs_start_from_files()
{
    const envid_t child = check_result(spawnl("/bin/echo", "echo", "-n", nullptr), "spawnl");
    check_equal(wait_for(child), 0, "status of a program from the disk");
    check_error(spawnl("/bin/nothing", "nothing", nullptr), Error::not_found, "spawn of nothing");
    check_error(spawnl("/motd", "motd", nullptr), Error::not_executable, "spawn of a text");
    check(spawnl("/bin", "bin", nullptr) < 0, "a directory was started");

    const int file = open_new();                    // a program whose headers lie
    const int good = check_result(open("/bin/hello", O_RDONLY), "open");
    const ssize_t size = check_result(readn(good, buffer, sizeof buffer), "readn");
    for (size_t offset = 16; offset < 148; offset += 4) {
        uint32_t original;
        memcpy(&original, buffer + offset, sizeof original);
        const uint32_t lie = 0xF0000000 + static_cast<uint32_t>(offset);
        memcpy(buffer + offset, &lie, sizeof lie);
        check_result(seek(file, 0), "seek");
        check_equal(writen(file, buffer, static_cast<size_t>(size)), size, "writen");
        memcpy(buffer + offset, &original, sizeof original);
        if (const envid_t liar = spawnl(path, "liar", nullptr); liar > 0) {
            wait_for(liar);                         // what it does is its own affair
        }
    }
    check_result(remove(path), "remove");
}

// Each change to a file, and nothing else, is told to whoever has it open.
void changes_are_told()
{
    check_result(mkdir("/guesttest.dir"), "mkdir");
    check_result(close(open_new("/guesttest.dir/a")), "close");
    const int other = open_new();
    const int watched = check_result(open("/guesttest.dir/a", O_RDONLY), "open");
    uint32_t seen = file_changes(watched);
    const auto changed = [&] {
        const bool has = file_changes(watched) != seen;
        seen = file_changes(watched);
        return has;
    };
    check_equal(write(other, "x", 1), 1, "write to another file");
    check(!changed(), "a change to another file was told");

    const int writer = check_result(open("/guesttest.dir/a", O_RDWR), "open for writing");
    check(!changed(), "an open was told as a change");
    check_equal(write(writer, "x", 1), 1, "write");
    check(changed(), "a write was not told");
    check_result(ftruncate(writer, 0), "ftruncate");
    check(changed(), "a new size was not told");
    check_result(close(writer), "close");
    check_result(close(check_result(open("/guesttest.dir/a", O_RDWR | O_TRUNC), "open")), "close");
    check(changed(), "O_TRUNC was not told");
    check_result(rename("/guesttest.dir/a", "/guesttest.dir/b"), "rename");
    check(changed(), "a new name was not told");
    check_result(rename("/guesttest.dir", "/guesttest.dir2"), "rename of the directory");
    check(changed(), "the directory's new name was not told");
    check_result(remove("/guesttest.dir2/b"), "remove");
    check(changed(), "the end of the file was not told");

    int ends[2];
    check_result(pipe(ends), "pipe");
    check_equal(file_changes(ends[0]), 0, "changes of what is no file");
    check_result(close(ends[0]), "close");
    check_result(close(ends[1]), "close");
    check_equal(file_changes(-1), 0, "changes of what is not open");
    check_result(close(watched), "close");
    check_result(close(other), "close");
    check_result(remove("/guesttest.dir2"), "remove of the directory");
    check_result(remove(path), "remove");
}

} // namespace

static constexpr Test tests[] = {
    {"files: contents come back", contents_come_back},
    {"files: big files", big_files_work},
    {"files: modes and errors", modes_and_errors},
    {"files: read-only is read-only", read_only_stays_so},
    {"files: children share descriptors", descriptors_are_shared_with_children},
    {"files: changes are told", changes_are_told},
    {"files: descriptors run out with an error", descriptors_run_out},
    {"files: one program cannot have them all", one_program_cannot_have_all_files},
    {"files: crashed clients are cleaned up", crashed_clients_are_cleaned_up},
    {"files: garbage does not stop the server", garbage_does_not_stop_the_server},
    {"files: programs start from files", programs_start_from_files},
};
const std::span<const Test> file_tests = tests;
