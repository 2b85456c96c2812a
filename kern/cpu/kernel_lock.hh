// The one lock that whoever is in the kernel holds. A CPU takes it when it comes from user mode
// or from being halted, and drops it when it goes there.
#pragma once
#include "kern/cpu/lock.hh"

extern SpinLock kernel_lock;
