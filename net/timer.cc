// The timer environment: tells the core server that time has passed.
#include "lib/lib.hh"
#include "net/ns.hh"

void timer(envid_t ns_envid, uint32_t initial_to)
{
    sys_env_set_name(0, "ns_timer");
    for (uint32_t wait_ms = initial_to;;) {
        sys_sleep(wait_ms);
        const IpcMessage answer = ipc_call(ns_envid, NSREQ_TIMER);
        if (answer.from < 0) {
            return;
        }
        wait_ms = answer.value;
    }
}
