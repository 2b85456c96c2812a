// System calls that print and read on the console.
#include <algorithm>
#include <array>
#include <utility>

#include "kern/dev/console.hh"
#include "kern/env/environment.hh"
#include "kern/env/foreground.hh"
#include "kern/memory/user_memory.hh"
#include "kern/syscall/dispatch.hh"
#include "kern/syscall/syscalls.hh"

// cputs(text, length): a caller whose text is not its own ends, as in JOS. A long text is printed
// a piece a turn, because the console is slow and others want the CPU too.
SyscallResult sys_cputs(Environment& caller, const SyscallArguments& arguments)
{
    const uint32_t printed = std::min(std::exchange(caller.progress, 0), arguments.a2);
    if (!UserBytes(caller, arguments.a1 + printed, arguments.a2 - printed).check_readable()) {
        refuse_access(caller, caller.bad_user_va);
        return 0;
    }
    std::array<char, 1024> piece;
    const auto part =
        std::span(piece).first(std::min<size_t>(piece.size(), arguments.a2 - printed));
    TRY(UserBytes(caller, arguments.a1 + printed, part.size())
            .copy_to(std::as_writable_bytes(part)));
    console_write(part);
    if (printed + part.size() == arguments.a2) {
        return 0;
    }
    caller.progress = printed + static_cast<uint32_t>(part.size());
    return caller.continue_later();
}

// console_foreground(leader): a child of the caller's, or 0.
SyscallResult sys_console_foreground(Environment& caller, const SyscallArguments& arguments)
{
    const auto leader = static_cast<envid_t>(arguments.a1);
    if (leader != 0 && !may_lead(caller, leader)) {
        return Error::invalid_argument;
    }
    set_foreground_group(leader);
    return 0;
}

// cgetc(): the next byte typed, 0 if there is none.
SyscallResult sys_cgetc(Environment&, const SyscallArguments&) { return console_getc(); }

// console_read(buffer, length, timeout_ms)
SyscallResult sys_console_read(Environment& caller, const SyscallArguments& arguments)
{
    std::array<char, 128> typed;
    const size_t room = std::min<size_t>(typed.size(), arguments.a2);
    if (room == 0) {
        return 0;
    }
    TRY(UserBytes(caller, arguments.a1, room).check_writable());
    if (!console_has_input()) {
        return caller.wait_on(console_input_queue(), arguments.a3);
    }
    size_t count = 0;
    while (count < room) {
        const int byte = console_getc();
        if (byte == 0) {
            break;
        }
        typed[count++] = static_cast<char>(byte);
    }
    TRY(UserBytes(caller, arguments.a1, count)
            .copy_from(std::as_bytes(std::span(typed).first(count))));
    return static_cast<int32_t>(count);
}
