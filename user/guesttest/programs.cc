// The course's programs, started from the disk: each must end as it should.
#include "user/guesttest/test.hh"

#include <initializer_list>

namespace {

constexpr int page_fault = fault_status + T_PGFLT;
constexpr int protection_fault = fault_status + T_GPFLT;

// Starts a program of /bin and waits for it.
int status_of_program(const char* name)
{
    char path[64];
    snprintf(path, sizeof path, "/bin/%s", name);
    return wait_for(check_result(spawnl(path, name, nullptr), name));
}

void expect_status(const char* name, int status)
{
    check_equal(status_of_program(name), status, name);
}

void faults_end_programs()
{
    expect_status("divzero", fault_status + T_DIVIDE);
    expect_status("softint", protection_fault);
    expect_status("badsegment", protection_fault);
    for (const char* name : {"faultread", "faultreadkernel", "faultwrite", "faultwritekernel",
                             "testbss", "buggyhello", "buggyhello2", "evilhello"}) {
        expect_status(name, page_fault);
    }
    expect_status("faultio", protection_fault);
}

void fault_handlers_run()
{
    expect_status("faultdie", 0);
    expect_status("faultregs", 0);
    expect_status("faultalloc", 0);
    for (const char* name :
         {"faultallocbad", "faultnostack", "faultbadhandler", "faultevilhandler"}) {
        expect_status(name, page_fault);
    }
}

void families_run()
{
    for (const char* name : {"hello", "yield", "dumbfork", "forktree", "spin", "sendpage",
                             "pingpong", "stresssched"}) {
        expect_status(name, 0);
    }
}

void children_start_from_files()
{
    for (const char* name : {"spawnhello", "spawnfaultio", "testpteshare", "testfdsharing"}) {
        expect_status(name, 0);
    }
    for (const char* name : {"testpipe", "primespipe", "testshell"}) {
        expect_status(name, 0);
    }
    check_result(sys_sleep(300), "sleep");      // for the children that nobody waits for
}

// Runs a program with this input and checks its status and all that it prints.
void expect_output(std::initializer_list<const char*> words, const char* input, int status,
                   const char* output)
{
    constexpr const char* input_path = "/guesttest.in";
    constexpr const char* output_path = "/guesttest.out";
    const int file = check_result(open(input_path, O_WRONLY | O_CREAT | O_TRUNC), "open");
    check_equal(writen(file, input, strlen(input)), static_cast<long>(strlen(input)), "writen");
    check_result(close(file), "close");

    const char* arguments[8] = {};
    size_t count = 0;
    for (const char* word : words) {
        arguments[count++] = word;
    }
    const envid_t child = start_child([&] {
        close(0);
        check_equal(open(input_path, O_RDONLY), 0, "open as descriptor 0");
        close(1);
        check_equal(open(output_path, O_WRONLY | O_CREAT | O_TRUNC), 1, "open as descriptor 1");
        dup(1, 2);
        char path[64];
        snprintf(path, sizeof path, "/bin/%s", arguments[0]);
        exit(wait(check_result(spawn(path, arguments), arguments[0])));
    });
    check_equal(wait_for(child), status, arguments[0]);

    static char printed[4096];
    const int result = check_result(open(output_path, O_RDONLY), "open");
    const ssize_t size = check_result(readn(result, printed, sizeof printed - 1), "readn");
    printed[size] = '\0';
    check_result(close(result), "close");
    if (strcmp(printed, output) != 0) {
        fail("%s prints '%s' instead of '%s'", arguments[0], printed, output);
    }
    check_result(remove(input_path), "remove");
    check_result(remove(output_path), "remove");
}

void filters_read_what_they_are_given()
{
    constexpr const char* text = "One apple\ntwo pears\n\nno Apple";
    expect_output({"wc"}, text, 0, "       3       6      29\n");
    expect_output({"wc", "-l"}, text, 0, "       3\n");
    expect_output({"wc", "/no"}, text, 1,
                  "wc: cannot open '/no': file or block not found\n");
    expect_output({"grep", "apple"}, text, 0, "One apple\n");
    expect_output({"grep", "-in", "APPLE"}, text, 0, "1:One apple\n4:no Apple\n");
    expect_output({"grep", "-vc", "apple"}, text, 0, "3\n");
    expect_output({"grep", "plum"}, text, 1, "");
    expect_output({"grep", "x", "/no"}, text, 2,
                  "grep: cannot open '/no': file or block not found\n");
    expect_output({"cat"}, text, 0, text);
}

void file_tools_work()
{
    expect_output({"mkdir", "/gt"}, "", 0, "");
    expect_output({"mkdir", "/gt"}, "", 1, "mkdir: cannot make '/gt': file already exists\n");
    expect_output({"cp", "/motd", "/gt/a"}, "", 0, "");
    expect_output({"cp", "/motd", "/gt"}, "", 0, "");
    expect_output({"cp", "/gt/a", "/gt/../gt/a"}, "", 1,
                  "cp: cannot copy '/gt/a' into itself\n");
    expect_output({"cp", "x", "/gt"}, "", 1, "cp: cannot open 'x': file or block not found\n");
    expect_output({"mv", "/gt/a", "/gt/b"}, "", 0, "");
    expect_output({"mv", "/gt/b", "/gt/motd"}, "", 0, "");
    expect_output({"ls", "/gt"}, "", 0, "motd\n");
    expect_output({"touch", "/gt/new"}, "", 0, "");
    expect_output({"wc", "-c", "/gt/new"}, "", 0, "       0 /gt/new\n");
    expect_output({"cp", "-r", "/gt", "/gt2"}, "", 0, "");
    expect_output({"cp", "-r", "/gt", "/gt/in"}, "", 1, "cp: cannot copy '/gt' into itself\n");
    expect_output({"rmdir", "/gt2"}, "", 1, "rmdir: cannot remove '/gt2': directory not empty\n");
    expect_output({"rm", "/gt2"}, "", 1, "rm: cannot remove '/gt2': is a directory\n");
    expect_output({"rm", "-r", "/gt", "/gt2"}, "", 0, "");
    expect_output({"rm", "/gt"}, "", 1, "rm: cannot remove '/gt': file or block not found\n");
    expect_output({"sync"}, "", 0, "");
}

} // namespace

static constexpr Test tests[] = {
    {"programs: faults end them", faults_end_programs},
    {"programs: fault handlers run", fault_handlers_run},
    {"programs: families run", families_run},
    {"programs: children start from files", children_start_from_files},
    {"programs: filters read what they are given", filters_read_what_they_are_given},
    {"programs: file tools work", file_tools_work},
};
const std::span<const Test> program_tests = tests;
