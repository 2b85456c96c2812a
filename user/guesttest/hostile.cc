// System calls with bad pointers, lengths and numbers, chosen and random: errors, or the end of the
// caller, and never more.
#include "user/guesttest/test.hh"

namespace {

constexpr uintptr_t bad_pointers[] = {0,          1,        0x10000000, UTOP,       UENVS, UVPT,
                                      MMIOBASE,   KERNBASE, KERNBASE + 0x100000,    0xFFFFFFF0,
                                      0xFFFFFFFF, ULIM - 4, KERNBASE - 4};

// Ends the caller with status 142 rather than give an error: cputs, as in JOS.
void bad_texts_end_the_caller()
{
    for (const uintptr_t address : {0u, 1u, KERNBASE, KERNBASE - 1, 0xFFFFFFFFu}) {
        const int status =
            status_of([address] { sys_cputs(reinterpret_cast<char*>(address), 100); });
        check_equal(status, fault_status + T_PGFLT, "status after cputs of a bad text");
    }
    static const char text[] = "x";
    for (const size_t length : {0x7FFFFFFFul, 0x80000000ul, 0xFFFFFFFFul, 0xF0000000ul}) {
        const int status = status_of([length] { sys_cputs(text, length); });
        check_equal(status, fault_status + T_PGFLT, "status after cputs with a bad length");
    }
    sys_cputs(nullptr, 0);
}

void bad_results_are_refused()
{
    for (const uintptr_t address : bad_pointers) {
        check_error(sys_memory_info(reinterpret_cast<MemoryInfo*>(address)), Error::fault,
                    "memory_info to a bad address");
        check_error(syscall(Syscall::time_usec, address), Error::fault,
                    "time_usec to a bad address");
        check_error(sys_console_read(reinterpret_cast<char*>(address), 16, 0), Error::fault,
                    "console_read to a bad address");
        check_error(sys_env_set_trapframe(0, reinterpret_cast<Trapframe*>(address)), Error::fault,
                    "env_set_trapframe from a bad address");
    }
    check_result(sys_page_alloc(0, scratch_page(), page_rights), "page_alloc");
    auto* const across = reinterpret_cast<MemoryInfo*>(scratch_page(1) - 4);
    check_error(sys_memory_info(across), Error::fault, "memory_info across the end of a page");
    check_error(sys_memory_info(reinterpret_cast<MemoryInfo*>(UTEXT)), Error::fault,
                "memory_info into the program's code");
}

void network_calls_are_guarded()
{
    const bool server_runs = ipc_find_env(EnvType::ns) != 0;
    NetFrame frames[2];
    frames[0] = {address_of(frames), 60};
    NetInfo info;
    if (server_runs) {
        check_error(sys_net_transmit(frames, 1, 0), Error::not_permitted, "net_transmit");
        check_error(sys_net_receive(frames, 1, 0), Error::not_permitted, "net_receive");
        check_error(sys_net_multicast(nullptr, 0), Error::not_permitted, "net_multicast");
        return;
    }
    for (const uintptr_t address : bad_pointers) {
        auto* const bad = reinterpret_cast<NetFrame*>(address);
        check_error(sys_net_transmit(bad, 1, 0), Error::fault, "net_transmit of bad frames");
        check_error(sys_net_rings(reinterpret_cast<NetRings*>(address)), Error::fault,
                    "net_rings to a bad address");
        check_error(sys_net_info(reinterpret_cast<NetInfo*>(address)), Error::fault,
                    "net_info to a bad address");
        check_error(sys_net_multicast(reinterpret_cast<EthernetAddress*>(address), 1), Error::fault,
                    "net_multicast from a bad address");
        frames[0] = {static_cast<uint32_t>(address), 60};
        check_error(sys_net_transmit(frames, 1, 0), Error::fault, "net_transmit of a bad frame");
    }
    for (const uint32_t length : {0u, max_frame_bytes + 1, 0x7FFFFFFFu, 0xFFFFFFFFu}) {
        frames[0] = {address_of(frames), length};
        check_error(sys_net_transmit(frames, 1, 0), Error::invalid_argument,
                    "net_transmit of a bad length");
    }
    for (const uint32_t count : {max_net_batch + 1, 0x7FFFFFFFu, 0xFFFFFFFFu}) {
        check_error(sys_net_transmit(frames, count, 0), Error::invalid_argument,
                    "net_transmit of too many");
        check_error(sys_net_receive(frames, count, 0), Error::invalid_argument,
                    "net_receive of too many");
        check_error(syscall(Syscall::net_multicast, 0, count), Error::invalid_argument,
                    "net_multicast of too many");
    }
    check_result(sys_net_info(&info), "net_info");
}

void server_calls_are_guarded()
{
    check_error(sys_disk_wait(0), Error::not_permitted, "disk_wait");
}

void unknown_calls_are_refused()
{
    for (const uint32_t number : {1000u, 0x7FFFFFFFu, 0x80000000u, 0xFFFFFFFFu}) {
        check_error(syscall(static_cast<Syscall>(number)), Error::invalid_argument,
                    "a system call that does not exist");
    }
}

// A linear congruential generator (Numerical Recipes' constants): the same numbers every time.
class Random {
public:
    explicit Random(uint32_t seed) : state_(seed) {}
    uint32_t next()
    {
        state_ = state_ * 1664525 + 1013904223;
        return state_ >> 8 | state_ << 24;
    }
    uint32_t below(uint32_t limit) { return next() % limit; }

private:
    uint32_t state_;
};

// A word as an attacker would choose it: now plausible, now at an edge, now anything.
uint32_t random_word(Random& random)
{
    static constexpr uint32_t edges[] = {
        0, 1, 2, 3, 4095, 4096, 4097, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFF000,
        UTOP, UTOP - PGSIZE, UENVS, UPAGES, UVPT, ULIM, MMIOBASE, KERNBASE, KERNBASE + 0x100000};
    switch (random.below(5)) {
    case 0: return edges[random.below(sizeof edges / sizeof *edges)];
    case 1: return address_of(scratch_page(random.below(16))) + random.below(3);
    case 2: return random.below(64);
    case 3: return page_rights | (random.below(8) << 9);
    default: return random.next();
    }
}

// Calls that may not be made at random: they end or stop the caller, wait for ever, fill the
// console, or take the runner's and the servers' messages.
bool is_excluded(Syscall number)
{
    switch (number) {
    case Syscall::cputs:
    case Syscall::exit:
    case Syscall::env_destroy:
    case Syscall::env_set_status:
    case Syscall::env_set_trapframe:
    case Syscall::exofork:
    case Syscall::ipc_recv:
    case Syscall::sleep: return true;
    default: return false;
    }
}

// Puts 0 in the place of the call's timeout.
void clear_timeout(Syscall number, uint32_t (&words)[5])
{
    switch (number) {
    case Syscall::disk_wait: words[0] = 0; break;
    case Syscall::env_wait: words[1] = 0; break;
    case Syscall::net_transmit:
    case Syscall::net_receive:
    case Syscall::ipc_wait:
    case Syscall::console_read: words[2] = 0; break;
    case Syscall::ipc_send: words[3] = 0; break;
    case Syscall::ipc_call:
    case Syscall::ipc_reply_wait: words[4] = 0; break;
    default: break;
    }
}

void make_random_calls(uint32_t seed)
{
    constexpr uint32_t call_count = static_cast<uint32_t>(Syscall::time_usec) + 1;
    Random random(seed);
    sys_page_alloc_run(0, scratch_page(), 8, page_rights);
    for (int i = 0; i < 2000; i++) {
        const auto number = static_cast<Syscall>(random.below(call_count));
        uint32_t words[5];
        for (uint32_t& word : words) {
            word = random_word(random);
        }
        if (!is_excluded(number)) {
            clear_timeout(number, words);
            syscall(number, words[0], words[1], words[2], words[3], words[4]);
        }
    }
}

// The caller may well break itself; the system must not notice.
void random_calls_hurt_the_caller_alone()
{
    for (uint32_t seed = 1; seed <= 30; seed++) {
        wait_for(start_child([seed] { make_random_calls(seed); }));
    }
    check_equal(status_of([] {}), 0, "status of a child afterwards");
}

} // namespace

static constexpr Test tests[] = {
    {"hostile: bad texts end the caller", bad_texts_end_the_caller},
    {"hostile: bad pointers for results are refused", bad_results_are_refused},
    {"hostile: network calls are guarded", network_calls_are_guarded},
    {"hostile: the servers' calls are guarded", server_calls_are_guarded},
    {"hostile: unknown system calls are refused", unknown_calls_are_refused},
    {"hostile: random calls hurt the caller alone", random_calls_hurt_the_caller_alone},
};
const std::span<const Test> hostile_tests = tests;
