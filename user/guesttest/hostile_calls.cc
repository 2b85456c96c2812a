// What a program can pass to the kernel: bad pointers, lengths, counts, rights and numbers. Each
// attack must be refused, or end the environment that tries it, and no page may be lost.
#include "user/guesttest/hostile.hh"

namespace {

// Pages of known rights, and addresses that are nobody's or not ours.
alignas(PGSIZE) char writable_page[PGSIZE];
alignas(PGSIZE) const char read_only_page[PGSIZE] = {1};
constexpr uintptr_t unmapped = 0x30000000;
constexpr uintptr_t lone_page = 0x50000000;         // mapped, with nothing behind it
constexpr uintptr_t bad_pointers[] = {
    0, 1, PGSIZE - 1, unmapped, lone_page + PGSIZE - 1, UTOP - 1, UTOP, UENVS, UCLOCK, UPAGES,
    UVPT, ULIM - 1, ULIM, MMIOBASE, KERNBASE - 1, KERNBASE, KERNBASE + EXTPHYSMEM, 0xFFFFF000,
    0xFFFFFFFC, 0xFFFFFFFF};
constexpr uint32_t bad_lengths[] = {0, max_frame_bytes + 1, PGSIZE, 0x7FFFFFFF, 0x80000000,
                                    0xFFFFFFFF};
constexpr uint32_t bad_counts[] = {0, max_net_batch + 1, 0x1FFFFFFF, 0x20000000, 0x7FFFFFFF,
                                   0xFFFFFFFF};

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

void bad_numbers()
{
    for (const uint32_t number : {1000u, 0x7FFFFFFFu, 0x80000000u, 0xFFFFFFFFu}) {
        check_error(syscall_by_trap(number), Error::invalid_argument,
                    "a system call that does not exist");
    }
}

void map_lone_page()
{
    check_result(sys_page_alloc(0, pointer(lone_page), page_rights), "page_alloc");
}

void bad_pointers_are_refused()
{
    map_lone_page();
    for (const uintptr_t bad : bad_pointers) {
        const auto detail = static_cast<uint32_t>(bad);
        must_end("cputs from", detail, [](uint32_t at) {
            sys_cputs(static_cast<const char*>(pointer(at)), PGSIZE);
        });
        for (const Syscall call : {Syscall::memory_info, Syscall::time_usec, Syscall::net_info,
                                   Syscall::net_rings}) {
            must_fail("a result to", detail, syscall(call, detail));
        }
        must_fail("console_read to", detail, syscall(Syscall::console_read, detail, PGSIZE, 0));
        must_fail("net_transmit from", detail, syscall(Syscall::net_transmit, detail, 64, 0));
        must_fail("net_receive to", detail, syscall(Syscall::net_receive, detail, 64, 0));
        must_fail("net_multicast from", detail, syscall(Syscall::net_multicast, detail, 64));
        must_fail("env_set_trapframe from", detail,
                  syscall(Syscall::env_set_trapframe, 0, detail));
    }
    check_error(sys_memory_info(static_cast<MemoryInfo*>(pointer(KERNBASE))), Error::fault,
                "memory_info to the kernel");
    const uint32_t code = address_of(read_only_page);
    must_fail("memory_info to read-only memory", code, syscall(Syscall::memory_info, code));
    must_fail("net_receive to read-only memory", code, syscall(Syscall::net_receive, code, 1, 0));
}

void bad_names()
{
    map_lone_page();
    memset(pointer(lone_page), 'x', PGSIZE);
    for (const uintptr_t bad : {uintptr_t{0}, unmapped, uintptr_t{KERNBASE}, uintptr_t{0xFFFFFFFF},
                                lone_page + PGSIZE - 3}) {
        const auto detail = static_cast<uint32_t>(bad);
        must_fail("env_set_name from", detail, syscall(Syscall::env_set_name, 0, detail));
    }
}

// While the network server runs the card is for it alone, and nothing else is looked at.
void bad_frames()
{
    map_lone_page();
    if (ipc_find_env(EnvType::ns) != 0) {
        NetFrame good{address_of(writable_page), 60};
        check_error(sys_net_transmit(&good, 1, 0), Error::not_permitted, "net_transmit");
        check_error(sys_net_receive(&good, 1, 0), Error::not_permitted, "net_receive");
    }
    NetFrame frame{};
    for (const uint32_t length : bad_lengths) {
        frame = {address_of(writable_page), length};
        must_fail("net_transmit of length", length, sys_net_transmit(&frame, 1, 0));
    }
    for (const uintptr_t bad : bad_pointers) {
        frame = {static_cast<uint32_t>(bad), 60};
        if (bad >= UTOP && bad < ULIM - 60) {
            continue;                   // read-only windows: anybody may read, so send, these
        }
        must_fail("net_transmit of a frame at", frame.address, sys_net_transmit(&frame, 1, 0));
        must_fail("net_receive of a frame to", frame.address, sys_net_receive(&frame, 1, 0));
    }
    auto* const offload = static_cast<NetOffload*>(pointer(lone_page));
    *offload = {.work = 0xFF, .ip_start = 0xFF, .header_bytes = 0xFFFF};
    for (const uint32_t length : {0u, 60u, uint32_t{max_segmented_bytes}, 0x7FFFFFFFu}) {
        frame = {address_of(offload), length | NetFrame::described};
        must_fail("net_transmit of a description and length", length,
                  sys_net_transmit(&frame, 1, 0));
    }
    for (const uint32_t count : bad_counts) {
        must_fail("net_transmit of a count", count, sys_net_transmit(&frame, count, 0));
        must_fail("net_receive of a count", count, sys_net_receive(&frame, count, 0));
        must_fail("net_multicast of a count", count + (count == 0),
                  syscall(Syscall::net_multicast, unmapped, count + (count == 0)));
    }
}

void bad_mappings()
{
    constexpr uint32_t rights = PTE_P | PTE_U | PTE_W;
    for (const uintptr_t bad : {uintptr_t{UTOP}, uintptr_t{UPAGES}, uintptr_t{UVPT},
                                uintptr_t{ULIM}, uintptr_t{KERNBASE}, uintptr_t{0xFFFFF000},
                                uintptr_t{unmapped + 1}, uintptr_t{0xFFFFFFFF}}) {
        const auto detail = static_cast<uint32_t>(bad);
        must_fail("page_alloc at", detail, sys_page_alloc(0, pointer(bad), rights));
        must_fail("page_unmap at", detail, sys_page_unmap(0, pointer(bad)));
        must_fail("page_map from", detail,
                  sys_page_map(0, pointer(bad), 0, pointer(unmapped), PTE_P | PTE_U));
        must_fail("page_map to", detail, sys_page_map(0, writable_page, 0, pointer(bad), rights));
    }
    must_fail("page_map of nothing", unmapped,
              sys_page_map(0, pointer(unmapped), 0, pointer(unmapped + PGSIZE), PTE_P | PTE_U));
    must_fail("page_map of read-only memory, writable", 0,
              sys_page_map(0, read_only_page, 0, pointer(unmapped), rights));
    for (const uint32_t bad : {0u, 1u, 4u, 2u, 0x1000u, uint32_t{PTE_PS} | rights,
                               uint32_t{PTE_G} | rights, 0xFFFFFFFFu}) {
        must_fail("page_alloc with rights", bad, sys_page_alloc(0, pointer(unmapped), bad));
    }
    for (const uint32_t count : {0x100000u, 0x7FFFFFFFu, 0xFFFFFFFFu}) {
        must_fail("page_alloc_run of a count", count,
                  sys_page_alloc_run(0, pointer(unmapped), count, rights));
        must_fail("page_unmap_run of a count", count,
                  sys_page_unmap_run(0, pointer(unmapped), count));
    }
}

void strangers_are_left_alone()
{
    constexpr envid_t strangers[] = {0x1000, -1, 0x7FFFFFFF, 0x1000 + max_envs - 1};
    for (const envid_t other : strangers) {
        if (other == sys_getenvid()) {
            continue;
        }
        const auto detail = static_cast<uint32_t>(other);
        must_fail("env_destroy of", detail, sys_env_destroy(other));
        must_fail("env_end_group of", detail, sys_env_end_group(other));
        must_fail("env_set_quiet of", detail, sys_env_set_quiet(other, true));
        must_fail("page_alloc in", detail,
                  sys_page_alloc(other, pointer(unmapped), PTE_P | PTE_U | PTE_W));
        must_fail("page_map out of", detail,
                  sys_page_map(other, pointer(UTEXT), 0, pointer(unmapped), PTE_P | PTE_U));
        must_fail("env_set_status of", detail, sys_env_set_status(other, EnvStatus::runnable));
        must_fail("env_set_pgfault_upcall of", detail,
                  sys_env_set_pgfault_upcall(other, pointer(UTEXT)));
    }
    for (const uint32_t status : {0u, 1u, 3u, 5u, 0xFFFFFFFFu}) {
        must_fail("env_set_status to", status, syscall(Syscall::env_set_status, 0, status));
    }
}

void bad_messages()
{
    const envid_t self = sys_getenvid();
    for (const uintptr_t bad : {uintptr_t{UTOP}, uintptr_t{KERNBASE}, uintptr_t{0xFFFFF000},
                                unmapped}) {
        for (const uint32_t count : {1u, PageRun::max_pages}) {
            const PageRun run = PageRun::at(bad, count);
            must_fail("ipc_send of", run.bits, sys_ipc_send(self, 0, run, 0));
            must_fail("ipc_call of", run.bits, sys_ipc_call(self, 0, run, {}, 0).from);
        }
        if (bad != unmapped) {
            const PageRun window = PageRun::at(bad, 1);
            must_fail("ipc_wait with a window at", window.bits, sys_ipc_wait(0, window, 0).from);
        }
    }
    must_fail("ipc_send of read-only memory, writable", 0,
              sys_ipc_send(self, 0, PageRun::at(address_of(read_only_page), 1), 0));
    for (const envid_t nobody : {-1, 0x7FFFFFFF, 0x1000 + max_envs - 1}) {
        must_fail("ipc_send to", static_cast<uint32_t>(nobody),
                  sys_ipc_send(nobody, 0, {}, wait_forever));
        must_fail("env_wait for", static_cast<uint32_t>(nobody), sys_env_wait(nobody, 0));
    }
}

void server_calls_are_guarded()
{
    check_error(sys_disk_wait(0), Error::not_permitted, "disk_wait");
}

} // namespace

static constexpr Test tests[] = {
    {"hostile: bad texts end the caller", bad_texts_end_the_caller},
    {"hostile: bad system call numbers", bad_numbers},
    {"hostile: bad pointers", bad_pointers_are_refused},
    {"hostile: bad names", bad_names},
    {"hostile: bad frames", bad_frames},
    {"hostile: bad mappings", bad_mappings},
    {"hostile: other environments are left alone", strangers_are_left_alone},
    {"hostile: bad messages", bad_messages},
    {"hostile: the servers' calls are guarded", server_calls_are_guarded},
};
const std::span<const Test> hostile_call_tests = tests;
