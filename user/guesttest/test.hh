// The in-guest tests' frame: what a test is, and how it says that something is wrong.
#pragma once
#include <span>

#include "lib/lib.hh"

struct Test {
    const char* name;
    void (*run)();                      // in an environment of its own; wrong: calls fail
};

// One list for each file of tests.
extern const std::span<const Test> memory_tests, fault_tests, fork_tests, ipc_tests, time_tests,
    environment_tests, hostile_call_tests, hostile_code_tests, file_tests, program_tests,
    socket_tests, pipe_tests;

// Ends the running test, whichever of its environments finds it out.
[[noreturn, gnu::format(gnu_printf, 1, 2)]] void fail(const char* format, ...);

// `what` says what was tried.
void check(bool good, const char* what);
void check_equal(long got, long expected, const char* what);
void check_error(int result, Error expected, const char* what);
int check_result(int result, const char* what);         // not an error: returns it

inline constexpr uint32_t page_rights = PTE_P | PTE_U | PTE_W;
inline constexpr int fault_status = 128;                // plus the trap number: wait's answer

// Addresses that a test may map pages at.
template <typename T = char> T* scratch_page(unsigned number = 0)
{
    return reinterpret_cast<T*>(0x50000000 + number * page_size);
}
inline void* pointer(uintptr_t address) { return reinterpret_cast<void*>(address); }

// Starts `body` in a child, which ends with status 0 after it. Returns the child's id.
template <typename Body> envid_t start_child(Body body)
{
    const envid_t child = fork();
    if (child == 0) {
        body();
        exit(0);
    }
    check_result(child, "fork");
    return child;
}

// Waits for a child that is expected to end by itself; returns its status.
inline int wait_for(envid_t child)
{
    return check_result(sys_env_wait(child, 30'000), "waiting for a child");
}

template <typename Body> int status_of(Body body)
{
    return wait_for(start_child(body));
}
