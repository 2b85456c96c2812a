// Copies of the running program, and page faults as a program sees them.
#pragma once
#include "lib/syscall.hh"

// Makes a copy of this environment that shares its pages copy-on-write (pages with PTE_SHARE
// stay shared). Returns the child's id here, 0 in the child, or a negative error.
envid_t fork();

// Has `handler` called on this environment's page faults, on the exception stack; execution
// goes on where the fault was when it returns. Null: faults end the environment again.
void set_pgfault_handler(void (*handler)(UTrapframe* frame));

// For those that fault on purpose, after a fork: a page fault that is no copy-on-write ends this
// environment with this status, not 0, and without a panic's message.
void end_quietly_on_faults(int status);
