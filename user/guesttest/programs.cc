// The course's programs, started from the disk: each must end as it should.
#include "user/guesttest/test.hh"

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
    for (const char* name : {"testpipe", "primespipe"}) {
        expect_status(name, 0);
    }
    check_result(sys_sleep(300), "sleep");      // for the children that nobody waits for
}

} // namespace

static constexpr Test tests[] = {
    {"programs: faults end them", faults_end_programs},
    {"programs: fault handlers run", fault_handlers_run},
    {"programs: families run", families_run},
    {"programs: children start from files", children_start_from_files},
};
const std::span<const Test> program_tests = tests;
