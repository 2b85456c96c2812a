#include "lib/environments.hh"

Env copy_environment(const volatile Env& entry)
{
    Env copy;
    copy.env_id = entry.env_id;
    copy.env_parent_id = entry.env_parent_id;
    copy.env_type = entry.env_type;
    copy.env_status = entry.env_status;
    copy.env_runs = entry.env_runs;
    copy.env_cpunum = entry.env_cpunum;
    copy.env_pages = entry.env_pages;
    copy.env_ipc_sent = entry.env_ipc_sent;
    copy.env_ipc_received = entry.env_ipc_received;
    do {                                // both halves of one moment
        copy.env_cpu_us_high = entry.env_cpu_us_high;
        copy.env_cpu_us_low = entry.env_cpu_us_low;
    } while (copy.env_cpu_us_high != entry.env_cpu_us_high);
    for (size_t i = 0; i + 1 < sizeof copy.env_name; i++) {
        copy.env_name[i] = entry.env_name[i];
    }
    return copy;
}
