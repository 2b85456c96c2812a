#include "kern/env/allowance.hh"

#include <algorithm>
#include <array>

#include "kern/debug/panic.hh"
#include "kern/env/environment.hh"

namespace {

// What commands leave for the servers and for the shell.
constexpr uint32_t page_reserve_share = 16;         // of all frames
constexpr size_t environment_reserve = 64;

constinit std::array<Allowance, max_envs> allowances{};

}   // namespace

Allowance* Allowance::take()
{
    Allowance* const unused = std::ranges::find_if_not(allowances, &Allowance::is_used);
    if (unused == allowances.end()) {
        return nullptr;
    }
    *unused = Allowance{};
    return unused;
}

Allowance& Allowance::of_server()
{
    Allowance* const allowance = take();            // at boot: there are enough
    ASSERT(allowance != nullptr);
    return *allowance;
}

Allowance& Allowance::of_first_program()
{
    Allowance& allowance = of_server();
    allowance.is_first_programs_ = true;
    allowance.pages_.limit = frame_counts().total / 2;
    allowance.max_environments_ = max_envs / 2;
    return allowance;
}

Result<Allowance*> Allowance::of_group(envid_t leader)
{
    for (Allowance& allowance : allowances) {
        if (allowance.environments_ > 0 && allowance.leader_ == leader) {
            return &allowance;
        }
    }
    Allowance* const allowance = take();
    if (allowance == nullptr) {
        return Error::no_memory;
    }
    allowance->leader_ = leader;
    allowance->pages_.limit = frame_counts().total / 2;
    allowance->pages_.reserve = frame_counts().total / page_reserve_share;
    allowance->max_environments_ = max_envs / 2;
    allowance->reserve_ = environment_reserve;
    return allowance;
}

Result<void> Allowance::check_room() const
{
    const bool room = environments_ < max_environments_
        && Environment::count() + reserve_ < max_envs;
    return room ? Result<void>() : Error::no_free_env;
}
