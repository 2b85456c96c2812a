// System calls as a program makes them: one stub each, named sys_ and the call's name. All
// return a value >= 0 or a negative error code (inc/error.hh) unless they say otherwise.
// `env` 0 is the caller; other environments than itself and its children are bad_env to it.
#pragma once
#include "inc/env.hh"
#include "inc/net.hh"
#include "inc/syscall.hh"
#include "inc/trap.hh"

// What a program sees of the system (lib/entry.S): the caller's entry in `envs`, all
// environments, each physical page's reference count, its own page table and directory entries.
extern const volatile Env* thisenv;
extern "C" const volatile Env envs[max_envs];
extern "C" const volatile uint16_t pages[];
extern "C" const volatile uint32_t uvpt[];
extern "C" const volatile uint32_t uvpd[];

// The page table entry of `va`: 0 where nothing is mapped.
inline uint32_t page_table_entry(uintptr_t va)
{
    return (uvpd[va >> 22] & 1) != 0 ? uvpt[va >> page_shift] : 0;
}

// How many references the page at `va` has in the whole system: 0 if none is mapped there.
inline unsigned page_references(uintptr_t va)
{
    const uint32_t entry = page_table_entry(va);
    return (entry & 1) != 0 ? pages[entry >> page_shift] : 0;
}

// A received message: who sent it (or a negative error), its value, and how many pages were
// mapped at the receiver's window (pages.count(), pages.writable(); no address).
struct IpcMessage {
    int32_t from = 0;
    uint32_t value = 0;
    PageRun pages{};
};

[[gnu::always_inline]] inline int32_t syscall(Syscall number, uint32_t a1 = 0, uint32_t a2 = 0,
                                              uint32_t a3 = 0, uint32_t a4 = 0, uint32_t a5 = 0)
{
    int32_t result;
    asm volatile("call system_call"     // lib/system_call.S
                 : "=a"(result)
                 : "a"(number), "d"(a1), "c"(a2), "b"(a3), "D"(a4), "S"(a5)
                 : "cc", "memory");
    return result;
}

// The same by the trap: any number, and what its return finds on the stack does not matter.
[[gnu::always_inline]] inline int32_t syscall_by_trap(uint32_t number, uint32_t a1 = 0,
                                                      uint32_t a2 = 0, uint32_t a3 = 0,
                                                      uint32_t a4 = 0, uint32_t a5 = 0)
{
    int32_t result;
    asm volatile("int $0x30"
                 : "=a"(result)
                 : "a"(number), "d"(a1), "c"(a2), "b"(a3), "D"(a4), "S"(a5)
                 : "cc", "memory");
    return result;
}

[[gnu::always_inline]] inline IpcMessage message_syscall(Syscall number, uint32_t a1, uint32_t a2,
                                                         uint32_t a3, uint32_t a4, uint32_t a5)
{
    IpcMessage message;
    asm volatile("call system_call"
                 : "=a"(message.from), "=d"(message.value), "=c"(message.pages.bits)
                 : "0"(static_cast<int32_t>(number)), "1"(a1), "2"(a2), "b"(a3), "D"(a4), "S"(a5)
                 : "cc", "memory");
    return message;
}

inline uint32_t address_of(const volatile void* pointer)
{
    return static_cast<uint32_t>(reinterpret_cast<uintptr_t>(pointer));
}

inline void sys_cputs(const char* text, size_t length)
{
    syscall(Syscall::cputs, address_of(text), length);
}
inline int sys_cgetc() { return syscall(Syscall::cgetc); }
inline envid_t sys_getenvid() { return syscall(Syscall::getenvid); }
inline int sys_env_destroy(envid_t env)
{
    return syscall(Syscall::env_destroy, static_cast<uint32_t>(env));
}
inline int sys_page_alloc(envid_t env, const volatile void* va, uint32_t perm)
{
    return syscall(Syscall::page_alloc, static_cast<uint32_t>(env), address_of(va), perm);
}
inline int sys_page_map(envid_t from_env, const volatile void* from, envid_t to_env,
                        const volatile void* to, uint32_t perm)
{
    return syscall(Syscall::page_map, static_cast<uint32_t>(from_env), address_of(from),
                   static_cast<uint32_t>(to_env), address_of(to), perm);
}
inline int sys_page_unmap(envid_t env, const volatile void* va)
{
    return syscall(Syscall::page_unmap, static_cast<uint32_t>(env), address_of(va));
}
// Inline in its caller: the child starts at its return, on a copy of the caller's registers, and
// its stack is not yet what it was then.
[[gnu::always_inline]] inline envid_t sys_exofork()
{
    return syscall_by_trap(static_cast<uint32_t>(Syscall::exofork));
}
inline int sys_env_set_status(envid_t env, EnvStatus status)
{
    return syscall(Syscall::env_set_status, static_cast<uint32_t>(env),
                   static_cast<uint32_t>(status));
}
inline int sys_env_set_trapframe(envid_t env, const Trapframe* frame)
{
    return syscall(Syscall::env_set_trapframe, static_cast<uint32_t>(env), address_of(frame));
}
inline int sys_env_set_pgfault_upcall(envid_t env, const void* function)
{
    return syscall(Syscall::env_set_pgfault_upcall, static_cast<uint32_t>(env),
                   address_of(function));
}
inline void sys_yield() { syscall(Syscall::yield); }
inline int sys_ipc_try_send(envid_t to, uint32_t value, const void* page, uint32_t perm)
{
    return syscall(Syscall::ipc_try_send, static_cast<uint32_t>(to), value, address_of(page), perm);
}
inline int sys_ipc_recv(void* window) { return syscall(Syscall::ipc_recv, address_of(window)); }
inline uint32_t sys_time_msec() { return static_cast<uint32_t>(syscall(Syscall::time_msec)); }

// Queues up to max_net_batch frames; returns how many went to the card, at least one. With none
// free in the ring: try_again (timeout_ms 0), or waits.
inline int sys_net_transmit(const NetFrame* frames, uint32_t count, uint32_t timeout_ms)
{
    return syscall(Syscall::net_transmit, address_of(frames), count, timeout_ms);
}
// Takes up to max_net_batch frames and sets each `length`; returns how many, 0 when the link
// changed, or waits for one: timed_out, or try_again with timeout_ms 0.
inline int sys_net_receive(NetFrame* frames, uint32_t count, uint32_t timeout_ms)
{
    return syscall(Syscall::net_receive, address_of(frames), count, timeout_ms);
}
inline int sys_net_info(NetInfo* info) { return syscall(Syscall::net_info, address_of(info)); }
inline int sys_net_rings(NetRings* rings)
{
    return syscall(Syscall::net_rings, address_of(rings));
}
// From now on frames that wait end our ipc_reply_wait, as if its time were up; they are to be taken
// by net_receive then. For one environment of the network server.
inline int sys_net_watch() { return syscall(Syscall::net_watch); }
// Has the card receive frames to these multicast addresses, max_multicast_addresses at most, and
// to no others.
inline int sys_net_multicast(const EthernetAddress* addresses, uint32_t count)
{
    return syscall(Syscall::net_multicast, address_of(addresses), count);
}

// IPC, docs/architecture.md. `outgoing`: pages to send, `window`: where to receive.
inline int sys_ipc_send(envid_t to, uint32_t value, PageRun outgoing, uint32_t timeout_ms)
{
    return syscall(Syscall::ipc_send, static_cast<uint32_t>(to), value, outgoing.bits, timeout_ms);
}
inline IpcMessage sys_ipc_call(envid_t to, uint32_t value, PageRun outgoing, PageRun window,
                               uint32_t timeout_ms)
{
    return message_syscall(Syscall::ipc_call, static_cast<uint32_t>(to), value, outgoing.bits,
                           window.bits, timeout_ms);
}
inline IpcMessage sys_ipc_reply_wait(envid_t to, uint32_t value, PageRun outgoing, PageRun window,
                                     uint32_t timeout_ms)
{
    return message_syscall(Syscall::ipc_reply_wait, static_cast<uint32_t>(to), value,
                           outgoing.bits, window.bits, timeout_ms);
}
inline IpcMessage sys_ipc_wait(envid_t from, PageRun window, uint32_t timeout_ms)
{
    return message_syscall(Syscall::ipc_wait, static_cast<uint32_t>(from), window.bits, timeout_ms,
                           0, 0);
}

inline int sys_sleep(uint32_t ms) { return syscall(Syscall::sleep, ms); }
[[noreturn]] inline void sys_exit(int status)
{
    syscall(Syscall::exit, static_cast<uint32_t>(status));
    __builtin_unreachable();
}
// Waits until `env` has ended. Returns its exit status (0 to 255; 128 + trap number if a fault
// ended it, 137 if another environment did); bad_env if it ended so long ago that it is forgotten.
inline int sys_env_wait(envid_t env, uint32_t timeout_ms)
{
    return syscall(Syscall::env_wait, static_cast<uint32_t>(env), timeout_ms);
}
// Reads what was typed, at least one byte and at most `length`; waits for it.
inline int sys_console_read(char* buffer, size_t length, uint32_t timeout_ms)
{
    return syscall(Syscall::console_read, address_of(buffer), length, timeout_ms);
}
// Waits for the disk's interrupt; one that came since the last call counts. File server only.
inline int sys_disk_wait(uint32_t timeout_ms) { return syscall(Syscall::disk_wait, timeout_ms); }
// The I/O port of the disk's bus master, of its first register; no_device. File server only.
inline int sys_disk_bus_master() { return syscall(Syscall::disk_bus_master); }
inline int sys_env_set_name(envid_t env, const char* name)
{
    return syscall(Syscall::env_set_name, static_cast<uint32_t>(env), address_of(name));
}
inline int sys_page_alloc_run(envid_t env, const volatile void* va, uint32_t count, uint32_t perm)
{
    return syscall(Syscall::page_alloc_run, static_cast<uint32_t>(env), address_of(va), count,
                   perm);
}
inline int sys_page_unmap_run(envid_t env, const volatile void* va, uint32_t count)
{
    return syscall(Syscall::page_unmap_run, static_cast<uint32_t>(env), address_of(va), count);
}
inline int sys_memory_info(MemoryInfo* info)
{
    return syscall(Syscall::memory_info, address_of(info));
}
// Microseconds since boot.
inline uint64_t sys_time_usec()
{
    uint64_t time = 0;
    syscall(Syscall::time_usec, address_of(&time));
    return time;
}

// Waits until the 32-bit word at `word`, in a page that programs share, is not `expected`: returns
// 0, at once if it differs already. peer_died, if it does not differ: the environment `env` has
// ended (0: none to watch), or nobody has the word's page who does not also have the page at
// `sharer` (null: none to watch), which is so when both pages have as many references.
inline int sys_word_wait(const volatile uint32_t* word, uint32_t expected,
                         const volatile void* sharer, envid_t env, uint32_t timeout_ms)
{
    return syscall(Syscall::word_wait, address_of(word), expected, address_of(sharer),
                   static_cast<uint32_t>(env), timeout_ms);
}
// Has up to `count` of those who wait on the word, in whatever program, look at it again. Returns
// how many.
inline int sys_word_wake(const volatile uint32_t* word, uint32_t count)
{
    return syscall(Syscall::word_wake, address_of(word), count);
}

// Puts `env`, a child of the caller's, into the group of `leader`: of itself, or of another child
// of the caller's. Those that it starts from then on are in the same group.
inline int sys_env_set_group(envid_t env, envid_t leader)
{
    return syscall(Syscall::env_set_group, static_cast<uint32_t>(env),
                   static_cast<uint32_t>(leader));
}
// Has Ctrl-C on the console end the environments of the group of `leader`, a child of the
// caller's; 0: Ctrl-C is a byte like others again.
inline int sys_console_foreground(envid_t leader)
{
    return syscall(Syscall::console_foreground, static_cast<uint32_t>(leader));
}
// Ends all members of the group of `leader`, a child of the caller's, as sys_env_destroy does.
inline int sys_env_end_group(envid_t leader)
{
    return syscall(Syscall::env_end_group, static_cast<uint32_t>(leader));
}
// Whether the console is to tell of the start and end of `env` and of those that it starts from
// then on, as it does unless it is told not to. Faults are always told.
inline int sys_env_set_quiet(envid_t env, bool quiet)
{
    return syscall(Syscall::env_set_quiet, static_cast<uint32_t>(env), quiet ? 1 : 0);
}
// Switches the machine off or starts it again; does not return if it can. not_permitted: only the
// first program's descendants may.
inline int sys_machine(MachineCommand command)
{
    return syscall(Syscall::machine, static_cast<uint32_t>(command));
}
