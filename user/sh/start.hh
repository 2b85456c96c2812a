// From a parsed pipeline to running environments.
#pragma once
#include "user/sh/jobs.hh"

namespace shell {

// A command that the shell itself carries out; returns its exit status.
using Builtin = int (*)(const Command& command);
// The builtin of this name; null: it is a program.
Builtin find_builtin(const char* name);         // user/sh.cc

// Starts all commands of a pipeline, each reading what the one before it writes. A builtin runs in
// a copy of the shell. What could not be started has been complained about.
Job start(const Pipeline& pipeline);

// Carries a builtin out in the shell itself, with its redirections; returns its exit status.
int run_here(const Command& command, Builtin builtin);

} // namespace shell
