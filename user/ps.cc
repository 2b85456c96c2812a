// Lists the environments.
#include "lib/lib.hh"

void umain(int, char**)
{
    printf("%-8s  %-8s  %-8s %-11s %8s %8s  %s\n", "ID", "PARENT", "STATUS", "TYPE", "RUNS",
           "CPU ms", "NAME");
    for (const volatile Env& entry : envs) {
        if (entry.env_status == EnvStatus::free) {
            continue;
        }
        const Env env = copy_environment(entry);
        printf("%08x  %08x  %-8s %-11s %8u %8llu  %s\n", static_cast<unsigned>(env.env_id),
               static_cast<unsigned>(env.env_parent_id), name_of(env.env_status),
               name_of(env.env_type), env.env_runs, cpu_us_of(env) / 1000ULL, env.env_name);
    }
}
