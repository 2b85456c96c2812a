// Environments: their ends, waiting for them, and who may do what to whom.
#include "user/guesttest/test.hh"

namespace {

void status_arrives()
{
    for (const int status : {0, 1, 77, 255}) {
        check_equal(status_of([status] { exit(status); }), status, "exit status");
    }
    check_equal(status_of([] { exit(256 + 3); }), 3, "exit status of more than a byte");
    check_equal(status_of([] { sys_env_destroy(0); }), 0, "status after destroying oneself");
}

void status_is_remembered()
{
    const envid_t child = start_child([] { exit(9); });
    check_result(sys_sleep(100), "sleep");
    check_equal(wait_for(child), 9, "status of a child that ended before the wait");
    check_equal(wait_for(child), 9, "the same, asked again");
}

void destroyed_says_so()
{
    const envid_t child = start_child([] { sys_sleep(60'000); });
    check_result(sys_env_destroy(child), "env_destroy");
    check_equal(wait_for(child), 137, "status of a destroyed child");
    check_error(sys_env_destroy(child), Error::bad_env, "env_destroy of what has ended");
}

void waiting_is_bounded()
{
    const envid_t child = start_child([] { sys_sleep(60'000); });
    check_error(sys_env_wait(child, 0), Error::timed_out, "env_wait that may not wait");
    check_error(sys_env_wait(child, 50), Error::timed_out, "env_wait of 50 ms");
    check_result(sys_env_destroy(child), "env_destroy");
    check_error(sys_env_wait(0, 0), Error::bad_env, "env_wait for oneself");
    check_error(sys_env_wait(-5, 0), Error::bad_env, "env_wait for a negative id");
    check_error(sys_env_wait(0x7FFFFFFF, 0), Error::bad_env, "env_wait for nobody");
}

void many_wait_for_one()
{
    const envid_t sleeper = start_child([] {
        sys_sleep(200);
        exit(5);
    });
    envid_t waiters[8];
    for (envid_t& waiter : waiters) {
        waiter = start_child([sleeper] { exit(wait_for(sleeper)); });
    }
    for (const envid_t waiter : waiters) {
        check_equal(wait_for(waiter), 5, "status through one of many waiters");
    }
}

// What only an environment itself and its parent may do.
void others_are_protected()
{
    Trapframe frame;
    for (const volatile Env& entry : envs) {
        const envid_t id = entry.env_id;
        if (entry.env_status == EnvStatus::free || id == thisenv->env_id) {
            continue;
        }
        check_error(sys_env_destroy(id), Error::bad_env, "env_destroy of another");
        check_error(sys_env_set_status(id, EnvStatus::not_runnable), Error::bad_env,
                    "env_set_status of another");
        check_error(sys_env_set_trapframe(id, &frame), Error::bad_env,
                    "env_set_trapframe of another");
        check_error(sys_env_set_pgfault_upcall(id, nullptr), Error::bad_env,
                    "env_set_pgfault_upcall of another");
        check_error(sys_env_set_name(id, "mine"), Error::bad_env, "env_set_name of another");
        check_error(sys_page_map(id, pointer(UTEXT), 0, scratch_page(), PTE_P | PTE_U),
                    Error::bad_env, "page_map from another");
    }
}

void bad_status_is_refused()
{
    const envid_t child = check_result(sys_exofork(), "exofork");
    if (child == 0) {
        exit(0);
    }
    for (const uint32_t status : {0u, 1u, 3u, 5u, 0xFFFFFFFFu}) {
        check_error(sys_env_set_status(child, static_cast<EnvStatus>(status)),
                    Error::invalid_argument, "env_set_status with a bad status");
    }
    check_result(sys_env_destroy(child), "env_destroy");
}

void registers_can_be_garbage()
{
    for (const uint32_t bits : {0u, 0xFFFFFFFFu, KERNBASE, 0x80000000u}) {
        const envid_t child = check_result(sys_exofork(), "exofork");
        if (child == 0) {
            exit(0);
        }
        Trapframe frame;
        frame.tf_eip = frame.tf_esp = frame.tf_eflags = frame.tf_cs = frame.tf_ds = frame.tf_es =
            frame.tf_ss = bits;
        check_result(sys_env_set_trapframe(child, &frame), "env_set_trapframe");
        check_result(sys_env_set_status(child, EnvStatus::runnable), "env_set_status");
        check(wait_for(child) >= fault_status, "a child with garbage in its registers went on");
    }
    check_error(sys_env_set_trapframe(0, reinterpret_cast<Trapframe*>(KERNBASE)), Error::fault,
                "env_set_trapframe from kernel memory");
}

void names_are_kept()
{
    check_result(sys_env_set_name(0, "short"), "env_set_name");
    check(strcmp(const_cast<const char*>(thisenv->env_name), "short") == 0, "the name");
    check_result(sys_env_set_name(0, "a name that is much too long"), "env_set_name");
    check(strcmp(const_cast<const char*>(thisenv->env_name), "a name that is ") == 0,
          "the long name, cut");
    for (const uintptr_t address : {0u, 0x10000000u, KERNBASE, 0xFFFFFFFFu}) {
        check_error(sys_env_set_name(0, reinterpret_cast<char*>(address)), Error::fault,
                    "env_set_name from a bad address");
    }
}

void orphans_end_and_are_freed()
{
    const envid_t parent = start_child([] {
        start_child([] { sys_sleep(200); });
        exit(0);
    });
    check_equal(wait_for(parent), 0, "status of the orphan's parent");
    // The runner's leak check sees whether the orphan was freed in the end.
}

} // namespace

static constexpr Test tests[] = {
    {"environments: the exit status arrives", status_arrives},
    {"environments: the exit status is remembered", status_is_remembered},
    {"environments: a destroyed one says so", destroyed_says_so},
    {"environments: waiting is bounded", waiting_is_bounded},
    {"environments: many wait for one", many_wait_for_one},
    {"environments: others are protected", others_are_protected},
    {"environments: bad status is refused", bad_status_is_refused},
    {"environments: registers can be garbage", registers_can_be_garbage},
    {"environments: names", names_are_kept},
    {"environments: orphans end and are freed", orphans_end_and_are_freed},
};
const std::span<const Test> environment_tests = tests;
