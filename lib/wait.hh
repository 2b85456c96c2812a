// Waiting for environments to end.
#pragma once
#include "inc/env.hh"

// Waits until `env` has ended. Returns its exit status (0 to 255; 128 + trap number after a
// fault, 137 if it was destroyed), or bad_env for one that never was or is long forgotten.
int wait(envid_t env);
