// How the hostile tests say what an attack came to.
#pragma once
#include "user/guesttest/test.hh"

// `detail`: what was tried, of several of a kind.
inline void must_fail(const char* attack, uint32_t detail, int result)
{
    if (result >= 0) {
        fail("%s (%08x) was not refused", attack, static_cast<unsigned>(detail));
    }
}

// Runs `attack(detail)` in an environment of its own, which must not live to its end.
inline void must_end(const char* name, uint32_t detail, void (*attack)(uint32_t))
{
    if (status_of([=] {
            end_quietly_on_faults(fault_status + T_PGFLT);
            attack(detail);
        }) == 0) {
        fail("%s (%08x) did not end it", name, static_cast<unsigned>(detail));
    }
}
