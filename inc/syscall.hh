// The system-call table and its calling convention: the one list that kernel dispatch, user
// stubs and trace names come from.
//
// `int $0x30` with the number in eax and up to five arguments in edx, ecx, ebx, edi, esi.
// eax returns a value >= 0 or a negative error (inc/error.hh). Calls that receive a message
// return its sender in eax, its value in edx and in ecx the pages that came (PageRun::bits of a
// run at address 0). All other registers are kept. Or, faster, by SYSENTER: lib/system_call.S.
#pragma once
#include "inc/types.hh"

// number, name, names of its arguments. 0 to 14 are JOS's and stay.
#define JOS_SYSCALLS(X) \
    X(0, cputs, "text,length") \
    X(1, cgetc, "") \
    X(2, getenvid, "") \
    X(3, env_destroy, "env") \
    X(4, page_alloc, "env,va,perm") \
    X(5, page_map, "src_env,src_va,dst_env,dst_va,perm") \
    X(6, page_unmap, "env,va") \
    X(7, exofork, "") \
    X(8, env_set_status, "env,status") \
    X(9, env_set_trapframe, "env,frame") \
    X(10, env_set_pgfault_upcall, "env,function") \
    X(11, yield, "") \
    X(12, ipc_try_send, "to,value,src_va,perm") \
    X(13, ipc_recv, "dst_va") \
    X(14, time_msec, "") \
    X(15, net_transmit, "frames,count,timeout_ms") \
    X(16, net_receive, "frames,count,timeout_ms") \
    X(17, net_info, "info") \
    X(18, ipc_send, "to,value,pages,timeout_ms") \
    X(19, ipc_call, "to,value,pages,window,timeout_ms") \
    X(20, ipc_reply_wait, "to,value,pages,window,timeout_ms") \
    X(21, ipc_wait, "from,window,timeout_ms") \
    X(22, sleep, "ms") \
    X(23, exit, "status") \
    X(24, env_wait, "env,timeout_ms") \
    X(25, console_read, "buffer,length,timeout_ms") \
    X(26, disk_wait, "timeout_ms") \
    X(27, env_set_name, "env,name") \
    X(28, page_alloc_run, "env,va,count,perm") \
    X(29, page_unmap_run, "env,va,count") \
    X(30, memory_info, "info") \
    X(31, time_usec, "time") \
    X(32, net_rings, "rings") \
    X(33, word_wait, "va,expected,sharer,env,timeout_ms") \
    X(34, word_wake, "va,count") \
    X(35, env_set_group, "env,leader") \
    X(36, console_foreground, "leader") \
    X(37, machine, "command") \
    X(38, net_multicast, "addresses,count") \
    X(39, env_set_quiet, "env,quiet") \
    X(40, env_end_group, "leader") \
    X(41, disk_bus_master, "") \
    X(42, net_watch, "")

enum class Syscall : uint32_t {
#define X(number, name, arguments) name = number,
    JOS_SYSCALLS(X)
#undef X
};

// What the system call `machine` does.
enum class MachineCommand : uint32_t { halt = 0, reboot = 1 };

inline constexpr uint32_t wait_forever = 0xFFFFFFFF;    // a timeout_ms; 0 never blocks

// A run of consecutive pages as one register: what a message sends (`count` pages from
// `address`, to be mapped writable or not), or the window that receives at most that many.
struct PageRun {
    uint32_t bits = 0;
    static constexpr uint32_t max_pages = 0x7FF;

    static constexpr PageRun none() { return {}; }
    static constexpr PageRun at(uintptr_t address, uint32_t count, bool writable = true)
    {
        return {static_cast<uint32_t>(address) | (count << 1) | (writable ? 1u : 0u)};
    }
    constexpr uintptr_t address() const { return bits & ~(PGSIZE - 1u); }
    constexpr uint32_t count() const { return (bits >> 1) & max_pages; }
    constexpr bool writable() const { return (bits & 1) != 0; }
};

// What memory_info fills in: physical pages.
struct MemoryInfo {
    uint32_t total_pages = 0;
    uint32_t free_pages = 0;
    uint32_t kernel_pages = 0;
    uint32_t environments = 0;          // that are not free
};
