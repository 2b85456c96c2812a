#include "kern/env/foreground.hh"

#include "kern/dev/console.hh"
#include "kern/env/environment.hh"

namespace {

constexpr int interrupted_status = 130;
constinit envid_t foreground = 0;

}   // namespace

void set_foreground_group(envid_t leader)
{
    foreground = leader;
    console_watch_interrupt_key(leader != 0);
}

bool may_lead(Environment& caller, envid_t leader)
{
    const Env& info = Environment::all()[static_cast<size_t>(env_index(leader))].info();
    return leader > 0 && info.env_id == leader && info.env_parent_id == caller.id();
}

void end_group(envid_t leader, int exit_status)
{
    for (Environment& member : Environment::all()) {
        if (member.is_alive() && member.group == leader) {
            member.end(exit_status);
        }
    }
}

void end_interrupted_group()
{
    if (!console_take_interrupt_key() || foreground == 0) {
        return;
    }
    console_write({"^C\n", 3});
    end_group(foreground, interrupted_status);
}
