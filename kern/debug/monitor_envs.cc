// The monitor's commands about environments and what they map.
#include <algorithm>

#include "inc/layout.h"
#include "inc/mmu.h"
#include "inc/stdio.hh"
#include "inc/string.hh"
#include "inc/types.hh"
#include "kern/debug/monitor.hh"
#include "kern/env/environment.hh"

namespace {

// What it waits for, too.
const char* status_name(Environment& environment)
{
    if (environment.status() != EnvStatus::not_runnable) {
        return name_of(environment.status());
    }
    switch (environment.wait_kind) {
    case WaitKind::nothing: return "stopped";
    case WaitKind::queue: return "waits";
    case WaitKind::receive: return "waits: receive";
    case WaitKind::send: return "waits: send";
    }
    return "?";
}

int monitor_envs(int, char**, Trapframe*)
{
    unsigned alive = 0;
    cprintf("id       parent   type        status         name                 runs  CPU ms"
            "  pages\n");
    for (Environment& environment : Environment::all()) {
        if (!environment.is_alive()) {
            continue;
        }
        alive++;
        const Env& info = environment.info();
        cprintf("%08x %08x %-11s %-14s %-15.16s %9u %7llu %6u\n",
                static_cast<unsigned>(info.env_id),
                static_cast<unsigned>(info.env_parent_id), name_of(info.env_type),
                status_name(environment), info.env_name, info.env_runs,
                cpu_us_of(info) / 1000ULL, info.env_pages);
    }
    cprintf("%u of %d\n", alive, max_envs);
    return 0;
}

// Neighbouring pages mapped alike, to neighbouring frames.
struct Run {
    uintptr_t begin = 0, end = 0;
    Pte entry = 0;                      // of the first page

    static constexpr Pte compared = PTE_P | PTE_W | PTE_U | PTE_PCD | PTE_SHARE | PTE_COW;
    bool continues_with(Pte next) const
    {
        return (next & compared) == (entry & compared) &&
               pte_address(next).value - pte_address(entry).value == end - begin;
    }
    void print() const
    {
        const auto flag = [this](Pte bit, char letter) { return (entry & bit) != 0 ? letter : '-'; };
        cprintf("  %08x-%08x -> %08x  %c%c%s%s%s\n", static_cast<unsigned>(begin),
                static_cast<unsigned>(end - 1), static_cast<unsigned>(pte_address(entry).value),
                flag(PTE_U, 'u'), flag(PTE_W, 'w'), (entry & PTE_COW) != 0 ? " copy-on-write" : "",
                (entry & PTE_SHARE) != 0 ? " shared" : "",
                (entry & PTE_PCD) != 0 ? " uncached" : "");
    }
};

// Prints what `space` maps from page `begin` up to, without, `end`.
void print_mappings(const AddressSpace& space, uintptr_t begin, uintptr_t end)
{
    Run run;
    const auto finish = [&run] {
        if (run.entry != 0) {
            run.print();
        }
        run = {};
    };
    for (uintptr_t va = begin; va < end; va += page_size) {
        const Pte entry = space.entry(va);
        if ((entry & PTE_P) == 0) {
            finish();
            continue;
        }
        if (run.entry == 0 || !run.continues_with(entry)) {
            finish();
            run = {va, va, entry};
        }
        run.end += page_size;
    }
    finish();
}

// mappings ENV [FIRST [LAST]]: addresses and ids in hexadecimal.
int monitor_mappings(int argc, char** argv, Trapframe*)
{
    if (argc < 2 || argc > 4) {
        cprintf("usage: mappings ENV [FIRST-ADDRESS [LAST-ADDRESS]], all hexadecimal\n");
        return 0;
    }
    const auto id = static_cast<envid_t>(strtoul(argv[1], nullptr, 16));
    Environment* const environment = Environment::by_id(id);
    if (environment == nullptr) {
        cprintf("There is no environment %08x; 'envs' lists them\n", static_cast<unsigned>(id));
        return 0;
    }
    uintptr_t first = 0, last = UTOP - 1;
    if (argc > 2) {
        first = strtoul(argv[2], nullptr, 16);
        last = argc > 3 ? strtoul(argv[3], nullptr, 16) : first;
    }
    const uintptr_t limit = ULIM;
    print_mappings(environment->space, round_down(std::min(first, limit), PGSIZE),
                   round_up(std::min(last, limit - 1) + 1, PGSIZE));
    return 0;
}

MONITOR_COMMAND(envs, "list the environments", monitor_envs);
MONITOR_COMMAND(mappings, "show what an environment maps: mappings ENV [FIRST [LAST]]",
                monitor_mappings);

} // namespace
