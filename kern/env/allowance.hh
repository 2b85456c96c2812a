// What the environments that came from one command may have together: pages and environments. A
// program that eats memory or forks without end gets errors, and others go on.
#pragma once
#include <cstddef>

#include "inc/env.hh"
#include "inc/result.hh"
#include "kern/memory/frames.hh"

class Allowance {
public:
    // For an environment to come. Servers have no limits. The first program, and so the shell, may
    // use what its commands have to leave free.
    static Allowance& of_server();
    static Allowance& of_first_program();
    // That of the group of `leader`, or a new one: half of the memory and half of the environments.
    // no_memory: pages of too many that have ended are still in use.
    static Result<Allowance*> of_group(envid_t leader);

    bool is_first_programs() const { return is_first_programs_; }
    PageAllowance& pages() { return pages_; }
    Result<void> check_room() const;                // no_free_env: not one environment more
    void add_environment() { ++environments_; }
    void remove_environment() { --environments_; }

private:
    static Allowance* take();                       // an unused one; null: there is none
    bool is_used() const { return environments_ > 0 || pages_.used > 0; }

    envid_t leader_ = 0;
    bool is_first_programs_ = false;
    size_t environments_ = 0;
    size_t max_environments_ = max_envs;
    size_t reserve_ = 0;                            // environments that must stay free, for others
    PageAllowance pages_{};
};
