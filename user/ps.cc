// Lists the environments.
#include "lib/lib.hh"

static const char* status_name(EnvStatus status)
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

static const char* type_name(EnvType type)
{
    return type == EnvType::fs ? "file server" : type == EnvType::ns ? "network" : "user";
}

void umain(int, char**)
{
    printf("%-8s  %-8s  %-8s %-11s %8s %8s  %s\n", "ID", "PARENT", "STATUS", "TYPE", "RUNS",
           "CPU ms", "NAME");
    for (const volatile Env& entry : envs) {
        const EnvStatus status = entry.env_status;
        if (status == EnvStatus::free) {
            continue;
        }
        const uint64_t cpu_us =
            static_cast<uint64_t>(entry.env_cpu_us_high) << 32 | entry.env_cpu_us_low;
        printf("%08x  %08x  %-8s %-11s %8u %8llu  %.*s\n", static_cast<unsigned>(entry.env_id),
               static_cast<unsigned>(entry.env_parent_id), status_name(status),
               type_name(entry.env_type), static_cast<unsigned>(entry.env_runs), cpu_us / 1000,
               static_cast<int>(sizeof entry.env_name), const_cast<const char*>(entry.env_name));
    }
}
