// Groups of environments, such as a shell's jobs, and the one that Ctrl-C ends: the console looks
// for the key while there is one.
#pragma once
#include "inc/env.hh"

class Environment;

void set_foreground_group(envid_t leader);      // 0: none

// Whether `leader` is a child of the caller's, alive or the last that had its place.
bool may_lead(Environment& caller, envid_t leader);

// Ends the members of a group. One of them may be the current environment.
void end_group(envid_t leader, int exit_status);

// Ends the members of the foreground group if Ctrl-C was typed since the last call. One of them
// may be the current environment.
void end_interrupted_group();
