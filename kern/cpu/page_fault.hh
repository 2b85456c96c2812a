// Page faults that a program handles itself: JOS's user-level page-fault upcalls.
#pragma once
#include <cstdint>

class Environment;

// Has `environment`, the current one, continue in its page-fault upcall, with a UTrapframe that
// describes the fault on its exception stack. Without room there, or with an upcall that is not
// the program's, it says so and ends the environment. False: it has no upcall.
bool page_fault_upcall(Environment& environment, uint32_t fault_va, uint32_t error_code);
