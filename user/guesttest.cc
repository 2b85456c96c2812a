// The in-guest tests: system calls, memory, IPC, files and sockets as a program meets them, the
// hostile ones included. `guesttest [PART-OF-NAME]...` runs those whose name has the part in it.
//
// Each test runs in a child, so that a crash is a failure of that test alone, and must give back
// every page and environment that it took. Prints "ok NAME", "not ok NAME: REASON" or
// "skip NAME: REASON" for each, and last "guest tests: N passed, M failed".
#include "user/guesttest/test.hh"

#include <cstdarg>

namespace {

// What a failing test leaves for the runner, in a page that all its environments share.
struct Report {
    bool failed;
    char reason[256];
};
Report* const report = reinterpret_cast<Report*>(0x4FFF0000);

enum class Needs { nothing, files, sockets };

struct Group {
    const std::span<const Test>& tests;
    Needs needs;
};

constexpr Group groups[] = {
    {memory_tests, Needs::nothing},  {fault_tests, Needs::nothing},
    {fork_tests, Needs::nothing},    {ipc_tests, Needs::nothing},
    {time_tests, Needs::nothing},    {environment_tests, Needs::nothing},
    {hostile_call_tests, Needs::nothing}, {hostile_code_tests, Needs::nothing},
    {pipe_tests, Needs::nothing},
    {file_tests, Needs::files},      {program_tests, Needs::files},
    {socket_tests, Needs::sockets},
};

constexpr uint32_t test_limit_ms = 120'000;
constexpr uint32_t give_back_limit_ms = 3'000;      // servers notice a little later

struct Totals {
    int passed = 0, failed = 0;
};

bool file_server_runs = false;

// What is not in use by programs: free pages, and what the file server's cache would give back.
struct Resources {
    uint32_t free_pages = 0;
    uint32_t cached_pages = 0;
    uint32_t environments = 0;

    // A bigger cache may have taken page tables too.
    bool are_back_at(const Resources& before) const
    {
        const uint32_t tables = cached_pages > before.cached_pages ? 2 : 0;
        return free_pages + cached_pages + tables >= before.free_pages + before.cached_pages &&
               environments <= before.environments;
    }
};

Resources resources_now()
{
    MemoryInfo memory;
    if (const int result = sys_memory_info(&memory); result < 0) {
        panic("sys_memory_info: %s", error_text(result));
    }
    FileSystemInfo files;
    if (file_server_runs) {
        if (const int result = file_system_info(&files); result < 0) {
            panic("file_system_info: %s", error_text(result));
        }
    }
    return {memory.free_pages, files.cached_blocks, memory.environments};
}

// Runs the test to its end. False: it failed, and the report says why.
bool run_in_child(const Test& test)
{
    memset(report, 0, sizeof *report);
    const envid_t child = fork();
    if (child == 0) {
        test.run();
        exit(0);
    }
    if (child < 0) {
        panic("fork: %s", error_text(child));
    }
    const int status = sys_env_wait(child, test_limit_ms);
    if (status == to_abi(Error::timed_out)) {
        sys_env_destroy(child);
        snprintf(report->reason, sizeof report->reason, "not done after %u s",
                 test_limit_ms / 1000);
        return false;
    }
    if (!report->failed && status != 0) {
        snprintf(report->reason, sizeof report->reason, "ended with status %d", status);
    }
    return !report->failed && status == 0;
}

// Waits until memory and environments are what they were. False: they do not come back.
bool is_given_back(const Resources& before)
{
    const uint32_t start = sys_time_msec();
    for (;;) {
        const Resources now = resources_now();
        if (now.are_back_at(before)) {
            return true;
        }
        if (sys_time_msec() - start > give_back_limit_ms) {
            snprintf(report->reason, sizeof report->reason,
                     "leaves %d pages and %d environments behind",
                     static_cast<int>(before.free_pages + before.cached_pages - now.free_pages -
                                      now.cached_pages),
                     static_cast<int>(now.environments - before.environments));
            return false;
        }
        sys_sleep(20);
    }
}

// A server may keep memory for later when it is first used: such a test runs twice, and must give
// everything back the second time.
bool passes(const Test& test, Needs needs)
{
    if (needs != Needs::nothing && !run_in_child(test)) {
        return false;
    }
    if (needs != Needs::nothing) {
        sys_sleep(500);
    }
    const Resources before = resources_now();
    return run_in_child(test) && is_given_back(before);
}

bool is_wanted(const char* name, int argc, char** argv)
{
    for (int i = 1; i < argc; i++) {
        if (strstr(name, argv[i]) != nullptr) {
            return true;
        }
    }
    return argc <= 1;
}

// Null, or why tests with such needs cannot run. Waits until the server is there.
const char* missing(Needs needs)
{
    if (needs == Needs::files) {
        Stat status;
        return stat("/", &status) < 0 ? "no file server" : nullptr;
    }
    if (needs == Needs::sockets) {
        const int probe = socket(AF_INET, SOCK_DGRAM);
        if (probe < 0) {
            return "no network server";
        }
        close(probe);
    }
    return nullptr;
}

void run(const Test& test, Needs needs, const char* obstacle, Totals& totals)
{
    if (obstacle != nullptr) {
        cprintf("skip %s: %s\n", test.name, obstacle);
    } else if (passes(test, needs)) {
        cprintf("ok %s\n", test.name);
        totals.passed++;
    } else {
        cprintf("not ok %s: %s\n", test.name, report->reason);
        totals.failed++;
    }
}

} // namespace

void fail(const char* format, ...)
{
    if (!report->failed) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(report->reason, sizeof report->reason, format, arguments);
        va_end(arguments);
        report->failed = true;
    }
    exit(1);
}

void check(bool good, const char* what)
{
    if (!good) {
        fail("%s", what);
    }
}

void check_equal(long got, long expected, const char* what)
{
    if (got != expected) {
        fail("%s: got %ld, expected %ld", what, got, expected);
    }
}

void check_error(int result, Error expected, const char* what)
{
    if (result >= 0) {
        fail("%s: got %d, expected the error '%s'", what, result, error_text(to_abi(expected)));
    }
    if (result != to_abi(expected)) {
        fail("%s: got the error '%s', expected '%s'", what, error_text(result),
             error_text(to_abi(expected)));
    }
}

int check_result(int result, const char* what)
{
    if (result < 0) {
        fail("%s: %s", what, error_text(result));
    }
    return result;
}

void umain(int argc, char** argv)
{
    if (const int result = sys_page_alloc(0, report, page_rights | PTE_SHARE); result < 0) {
        panic("no page for the report: %s", error_text(result));
    }
    const char* const obstacles[] = {nullptr, missing(Needs::files), missing(Needs::sockets)};
    file_server_runs = obstacles[static_cast<int>(Needs::files)] == nullptr;
    memset(report, 0, sizeof *report);
    start_child([] {});                             // the first fork takes pages for good
    resources_now();
    sys_sleep(500);                                 // and servers settle

    Totals totals;
    for (const Group& group : groups) {
        for (const Test& test : group.tests) {
            if (is_wanted(test.name, argc, argv)) {
                run(test, group.needs, obstacles[static_cast<int>(group.needs)], totals);
            }
        }
    }
    cprintf("guest tests: %d passed, %d failed\n", totals.passed, totals.failed);
    exit(totals.failed == 0 ? 0 : 1);
}
