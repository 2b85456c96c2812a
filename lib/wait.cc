#include "lib/wait.hh"

#include "lib/syscall.hh"

int wait(envid_t env)
{
    return sys_env_wait(env, wait_forever);
}
