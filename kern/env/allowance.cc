#include "kern/env/allowance.hh"

#include <algorithm>
#include <array>

#include "kern/debug/panic.hh"
#include "kern/env/environment.hh"
#include "kern/memory/frames.hh"

namespace {

// What commands leave for the servers and for the shell.
constexpr uint32_t page_reserve_share = 16;         // of all frames
constexpr size_t environment_reserve = 64;

constinit std::array<Allowance, max_envs> allowances{};     // one for each environment, at most

}   // namespace

Allowance& Allowance::take()
{
    Allowance* const unused = std::ranges::find_if(
        allowances, [](const Allowance& candidate) { return candidate.environments_ == 0; });
    ASSERT(unused != allowances.end());
    *unused = Allowance{};
    return *unused;
}

Allowance& Allowance::of_server() { return take(); }

Allowance& Allowance::of_first_program()
{
    Allowance& allowance = take();
    allowance.is_first_programs_ = true;
    allowance.pages_.limit = frame_counts().total / 2;
    allowance.max_environments_ = max_envs / 2;
    return allowance;
}

Allowance& Allowance::of_group(envid_t leader)
{
    for (Allowance& allowance : allowances) {
        if (allowance.environments_ > 0 && allowance.leader_ == leader) {
            return allowance;
        }
    }
    Allowance& allowance = take();
    allowance.leader_ = leader;
    allowance.pages_.limit = frame_counts().total / 2;
    allowance.pages_.reserve = frame_counts().total / page_reserve_share;
    allowance.max_environments_ = max_envs / 2;
    allowance.reserve_ = environment_reserve;
    return allowance;
}

Result<void> Allowance::check_room() const
{
    const bool room = environments_ < max_environments_
        && Environment::count() + reserve_ < max_envs;
    return room ? Result<void>() : Error::no_free_env;
}
