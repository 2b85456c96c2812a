// System calls with arguments that nobody in his right mind would pass: children make them at
// random, four at a time, and end as they may. The kernel and the others must not care, and the
// pages must come back. The first line names the seed; `testhostile SEED ROUNDS` repeats a run.
// Attacks that are chosen one by one are in user/guesttest/hostile_*.cc.
#include <string_view>

#include "lib/lib.hh"

namespace {

constexpr uint32_t calls_each_round = 1000;
constexpr uint32_t children_each_round = 4;
constexpr uint32_t default_rounds = 30;
constexpr uint32_t round_limit_ms = 1000;       // for those that wait for ever
constexpr uint32_t servers_may_keep = 8;        // page tables and heap, once they have needed them
constexpr uintptr_t playground = 0x10000000;    // pages that the calls may well be about
constexpr uint32_t playground_pages = 64;

// Numerical Recipes' generator: the upper bits are random enough.
class Random {
public:
    explicit Random(uint32_t seed) : state_(seed) {}
    uint32_t next()
    {
        state_ = state_ * 1664525 + 1013904223;
        return state_ >> 16 | state_ << 16;
    }
    uint32_t below(uint32_t limit) { return next() % limit; }

private:
    uint32_t state_;
};

uint32_t free_pages()
{
    MemoryInfo memory;
    if (const int result = sys_memory_info(&memory); result < 0) {
        panic("sys_memory_info: %s", error_text(result));
    }
    return memory.free_pages;
}

// Addresses around every border there is.
uint32_t some_address(Random& random)
{
    constexpr uint32_t borders[] = {0,        PGSIZE,     UTEMP,    UTEXT,     playground, USTACKTOP,
                                    UTOP,     UXSTACKTOP, UENVS,    UPAGES,    UVPT,       ULIM,
                                    MMIOBASE, MMIOLIM,    KERNBASE, 0xF0100000};
    const uint32_t border = borders[random.below(sizeof borders / sizeof borders[0])];
    switch (random.below(4)) {
    case 0: return border;
    case 1: return border - random.below(2 * PGSIZE);
    case 2: return border + random.below(2 * PGSIZE);
    default: return playground + random.below(playground_pages) * PGSIZE;
    }
}

uint32_t some_environment(Random& random)
{
    switch (random.below(4)) {
    case 0: return 0;
    case 1: return static_cast<uint32_t>(sys_getenvid());
    case 2: return static_cast<uint32_t>(envs[random.below(32)].env_id);
    default: return random.next();
    }
}

uint32_t some_argument(Random& random)
{
    constexpr uint32_t odd[] = {0xFFFFFFFF, 0x80000000, 0x7FFFFFFF, 0xFFFFF000, 0xFFFFFFFE};
    switch (random.below(8)) {
    case 0: return random.below(16);
    case 1: return PTE_P | PTE_U | (random.below(2) != 0 ? PTE_W : 0);
    case 2: return random.below(0x1000);
    case 3: return odd[random.below(sizeof odd / sizeof odd[0])];
    case 4: return random.next();
    case 5: return PageRun::at(some_address(random), random.below(100)).bits;
    case 6: return some_environment(random);
    default: return some_address(random);
    }
}

struct Call {
    std::string_view name;
    std::string_view arguments;
};
constexpr Call calls[] = {
#define X(number, name, arguments) {#name, arguments},
    JOS_SYSCALLS(X)
#undef X
};
constexpr uint32_t call_count = sizeof calls / sizeof calls[0];
constexpr uint32_t unknown_calls = 4;           // numbers beyond the last call's

// Which argument of the call says how long it may wait, always its last; none: 5.
constexpr uint32_t timeout_position(uint32_t number)
{
    const std::string_view arguments = number < call_count ? calls[number].arguments : "";
    if (!arguments.ends_with("ms")) {
        return 5;
    }
    uint32_t position = 0;
    for (const char c : arguments) {
        position += c == ',';
    }
    return position;
}
static_assert(timeout_position(static_cast<uint32_t>(Syscall::ipc_call)) == 4);
static_assert(timeout_position(static_cast<uint32_t>(Syscall::disk_wait)) == 0);
static_assert(timeout_position(static_cast<uint32_t>(Syscall::page_map)) == 5);

// These would only end the round early, fill the console, or, as the first program may, switch
// the machine off.
bool is_left_out(Syscall call, uint32_t first_argument)
{
    const bool about_itself =
        first_argument == 0 || first_argument == static_cast<uint32_t>(sys_getenvid());
    return call == Syscall::exit || call == Syscall::machine || call == Syscall::cputs ||
           (call == Syscall::env_destroy && about_itself);
}

void make_call(Random& random)
{
    const uint32_t number = random.below(call_count + unknown_calls);
    uint32_t arguments[5];
    for (uint32_t& argument : arguments) {
        argument = some_argument(random);
    }
    if (random.below(2) != 0) {
        arguments[0] = some_environment(random);
    }
    const bool may_wait_for_ever = random.below(500) == 0;
    if (const uint32_t timeout = timeout_position(number); timeout < 5 && !may_wait_for_ever) {
        arguments[timeout] = random.below(2);
    }
    const auto call = static_cast<Syscall>(number);
    if (is_left_out(call, arguments[0]) || (call == Syscall::ipc_recv && !may_wait_for_ever)) {
        return;
    }
    syscall(call, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4]);
}

bool is_attacker = false;

[[noreturn]] void attack(uint32_t seed)
{
    is_attacker = true;
    end_quietly_on_faults(1);
    Random random(seed);
    sys_page_alloc_run(0, reinterpret_cast<void*>(playground), playground_pages,
                       PTE_P | PTE_U | PTE_W);
    for (uint32_t call = 0; call < calls_each_round; call++) {
        make_call(random);
    }
    sys_exit(0);
}

// The children's lives; returns whether all could be started.
bool play_round(uint32_t seed)
{
    envid_t children[children_each_round];
    for (uint32_t i = 0; i < children_each_round; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            attack(seed + i);
        }
        if (children[i] < 0) {
            printf("testhostile: fork: %s\n", error_text(children[i]));
            return false;
        }
    }
    const uint32_t begin = sys_time_msec();
    for (const envid_t child : children) {
        const uint32_t past = sys_time_msec() - begin;
        const uint32_t limit = past < round_limit_ms ? round_limit_ms - past : 0;
        if (sys_env_wait(child, limit) == to_abi(Error::timed_out)) {
            sys_env_destroy(child);
        }
    }
    return true;
}

// Grandchildren, which exofork made, end a little later than their parents.
uint32_t pages_missing(uint32_t before)
{
    for (int tries = 0; tries < 20 && free_pages() < before; tries++) {
        sys_sleep(100);
    }
    const uint32_t now = free_pages();
    return now < before ? before - now : 0;
}

} // namespace

void umain(int argc, char** argv)
{
    if (is_attacker) {                  // a child that made the program's start its fault handler
        sys_exit(1);
    }
    const uint32_t seed = argc > 1 ? strtoul(argv[1], nullptr, 0) : sys_time_msec();
    const uint32_t rounds = argc > 2 ? strtoul(argv[2], nullptr, 0) : default_rounds;
    printf("testhostile: seed %u\n", seed);
    play_round(seed);                   // page tables that this program itself keeps
    const uint32_t before = free_pages();
    for (uint32_t round = 0; round < rounds; round++) {
        if (!play_round(seed + round * children_each_round)) {
            return;
        }
    }
    const uint32_t missing = pages_missing(before);
    printf("testhostile: %u rounds, %u pages fewer are free\n", rounds, missing);
    if (missing <= servers_may_keep) {
        printf("testhostile: all is good\n");
    }
}
