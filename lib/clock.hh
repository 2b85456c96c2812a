// Time since boot without a system call; the same as sys_time_usec() and sys_time_msec() tell.
#pragma once
#include "inc/clock.hh"
#include "inc/layout.h"

inline uint64_t time_us() { return reinterpret_cast<const Clock*>(UCLOCK)->time_us(); }
inline uint32_t time_ms() { return static_cast<uint32_t>(time_us() / 1000); }
