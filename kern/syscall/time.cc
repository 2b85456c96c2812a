// System calls about time, and for the disk.
#include "kern/dev/clock.hh"
#include "kern/dev/disk.hh"
#include "kern/env/environment.hh"
#include "kern/memory/user_memory.hh"
#include "kern/syscall/syscalls.hh"

SyscallResult sys_time_msec(Environment&, const SyscallArguments&)
{
    return static_cast<int32_t>(time_ms() & 0x7FFFFFFF);
}

// time_usec(time): stores 64 bits.
SyscallResult sys_time_usec(Environment& caller, const SyscallArguments& arguments)
{
    TRY(UserObject<uint64_t>(caller, arguments.a1).write(time_us()));
    return 0;
}

// sleep(ms)
SyscallResult sys_sleep(Environment& caller, const SyscallArguments& arguments)
{
    const Error result = caller.wait(arguments.a1);
    return result == Error::timed_out ? SyscallResult(0) : SyscallResult(result);
}

// disk_wait(timeout_ms): returns 0 after an interrupt, be it one before the call.
SyscallResult sys_disk_wait(Environment& caller, const SyscallArguments& arguments)
{
    if (caller.type() != EnvType::fs) {
        return Error::not_permitted;
    }
    if (disk_take_interrupt()) {
        return 0;
    }
    return caller.wait_on(disk_interrupt_queue(), arguments.a1);
}

// disk_bus_master(): the I/O port.
SyscallResult sys_disk_bus_master(Environment& caller, const SyscallArguments&)
{
    if (caller.type() != EnvType::fs) {
        return Error::not_permitted;
    }
    return static_cast<int32_t>(TRY(disk_bus_master()));
}
