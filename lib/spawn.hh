// Starting programs from the file system.
#pragma once
#include "inc/env.hh"

// Starts the program in the file `path` with the arguments `argv` (ends with a null pointer), and
// returns its environment's id. It shares this program's descriptors, as every page with
// PTE_SHARE. Errors: those of open; not_executable; too_big (the arguments); no_memory;
// no_free_env.
envid_t spawn(const char* path, const char* const* argv);

// The same, in the group of `leader`, a child of this environment (sys_env_set_group); 0: in one
// of its own.
envid_t spawn_in_group(envid_t leader, const char* path, const char* const* argv);

// The same with the arguments in the call: spawnl("/bin/echo", "echo", "hello", nullptr).
[[gnu::sentinel]] envid_t spawnl(const char* path, const char* argument0, ...);
