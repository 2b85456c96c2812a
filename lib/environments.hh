// The table of environments at `envs`.
#pragma once
#include "inc/env.hh"

// One entry as it is at some moment; the kernel changes the table while it is read.
Env copy_environment(const volatile Env& entry);
