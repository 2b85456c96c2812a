// What programs may know of environments: an array of these is mapped read-only at UENVS.
#pragma once
#include "inc/types.hh"

using envid_t = int32_t;

// An id is a generation and an index: +1+------ 19 bits: generation ------+-- 10: index --+,
// never negative, never 0 (0 means "the caller" in system calls). The first is 0x1000.
inline constexpr int log2_max_envs = 10;
inline constexpr int max_envs = 1 << log2_max_envs;
constexpr int env_index(envid_t id) { return id & (max_envs - 1); }

enum class EnvType : uint32_t { user = 0, fs = 1, ns = 2 };

enum class EnvStatus : uint32_t { free = 0, dying = 1, runnable = 2, running = 3, not_runnable = 4 };

// For people, as `ps` shows them.
constexpr const char* name_of(EnvType type)
{
    switch (type) {
    case EnvType::user: return "user";
    case EnvType::fs: return "file server";
    case EnvType::ns: return "network";
    }
    return "unknown";
}
constexpr const char* name_of(EnvStatus status)
{
    switch (status) {
    case EnvStatus::free: return "free";
    case EnvStatus::dying: return "dying";
    case EnvStatus::runnable: return "ready";
    case EnvStatus::running: return "running";
    case EnvStatus::not_runnable: return "waiting";
    }
    return "unknown";
}

struct Env {
    envid_t env_id = 0;
    envid_t env_parent_id = 0;
    EnvType env_type = EnvType::user;
    EnvStatus env_status = EnvStatus::free;
    uint32_t env_runs = 0;              // times it was given a CPU
    uint32_t env_cpunum = 0;            // the CPU it runs or last ran on
    uint32_t env_ipc_value = 0;         // the last message received with ipc_recv:
    envid_t env_ipc_from = 0;           //   its value, its sender,
    uint32_t env_ipc_perm = 0;          //   PTE_* of the pages that came with it, 0 if none
    uint32_t env_ipc_pages = 0;         //   and how many
    uint32_t env_pages = 0;             // mapped by it, and its page tables
    uint32_t env_ipc_sent = 0;          // messages that others took from it, and that it took:
    uint32_t env_ipc_received = 0;      //   both wrap around
    uint32_t env_reserved[13] = {};
    uint32_t env_cpu_us_low = 0;        // CPU time used, microseconds, 64 bits in two halves
    uint32_t env_cpu_us_high = 0;
    char env_name[16] = {};             // the program's name, ends with a zero
};
static_assert(sizeof(Env) == 128);

constexpr uint64_t cpu_us_of(const Env& env)
{
    return static_cast<uint64_t>(env.env_cpu_us_high) << 32 | env.env_cpu_us_low;
}
static_assert(sizeof(Env) * max_envs <= PTSIZE);
