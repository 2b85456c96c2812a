#include "kern/debug/trace.hh"

#include <algorithm>

#include "inc/ports.hh"
#include "inc/stdio.hh"
#include "kern/debug/monitor.hh"
#include "kern/debug/trace_text.hh"
#include "kern/dev/boot_option.hh"
#include "kern/dev/clock.hh"
#include "kern/dev/console.hh"
#include "kern/env/environment.hh"

namespace {

// QEMU's isa-debugcon: what is written there goes to a file (tools/run). It answers with its own
// port number; where it is not, the console gets the lines.
constexpr uint16_t file_port = 0xE9;
constexpr uint8_t file_answer = 0xE9;

constinit std::array<char, 128> names{};
constinit size_t names_length = 0;
constinit bool to_file = false;

void print(TraceLine& line)
{
    line.add("\n");
    if (!to_file) {
        console_write(line.text());
        return;
    }
    for (const char byte : line.text()) {
        port_out8(file_port, static_cast<uint8_t>(byte));
    }
}

void add_head(TraceLine& line, Environment& caller)
{
    const uint64_t now = time_us();
    line.add("%4llu.%06llu %08x %.*s: ", now / 1'000'000, now % 1'000'000,
             static_cast<unsigned>(caller.id()), static_cast<int>(caller.name().size()),
             caller.name().data());
}

void add_call(TraceLine& line, Environment& caller)
{
    line.add("%s", system_call_name(caller.trace.number));
    add_arguments(line, caller);
}

void trace_only(std::string_view wanted)
{
    names_length = std::min(wanted.size(), names.size());
    std::ranges::copy(wanted.substr(0, names_length), names.begin());
    for (Environment& environment : Environment::all()) {
        environment.trace = {.is_on = is_traced(environment.name())};
    }
}

int monitor_trace(int argc, char** argv, Trapframe*)
{
    if (argc != 2) {
        cprintf("trace NAME,NAME,...  print system calls of the environments of these names\n"
                "trace all            of all of them; `trace off` ends it\n");
        return 0;
    }
    const std::string_view wanted = argv[1];
    trace_only(wanted == "off" ? "" : wanted);
    return 0;
}

MONITOR_COMMAND(trace, "print system calls of chosen environments (trace: more)", monitor_trace);

} // namespace

void trace_init()
{
    std::array<char, names.size()> buffer{};
    to_file = port_in8(file_port) == file_answer;
    trace_only(boot_option("trace", buffer));
}

bool is_traced(std::string_view name)
{
    std::string_view list(names.data(), names_length);
    while (!list.empty()) {
        const std::string_view entry = list.substr(0, list.find(','));
        if (entry == "all" || (entry == name && !name.empty())) {
            return true;
        }
        list.remove_prefix(std::min(entry.size() + 1, list.size()));
    }
    return false;
}

void trace_begin(Environment& caller)
{
    SyscallTrace& trace = caller.trace;
    const PushRegs& registers = caller.frame.tf_regs;
    const std::array arguments{registers.reg_edx, registers.reg_ecx, registers.reg_ebx,
                               registers.reg_edi, registers.reg_esi};
    if (trace.is_unfinished && trace.number == registers.reg_eax
        && trace.next_eip == caller.frame.tf_eip && trace.arguments == arguments) {
        return;                             // it was woken, and looks again
    }
    trace = {.is_on = true, .is_unfinished = true, .number = registers.reg_eax,
             .next_eip = caller.frame.tf_eip, .arguments = arguments};
}

void trace_leave(Environment& caller)
{
    SyscallTrace& trace = caller.trace;
    if (!trace.is_unfinished || trace.is_announced) {
        return;
    }
    TraceLine line;
    add_head(line, caller);
    add_call(line, caller);
    if (caller.is_alive()) {
        line.add(" ...");
    }
    print(line);
    trace.is_announced = true;
}

void trace_end(Environment& caller)
{
    SyscallTrace& trace = caller.trace;
    if (!trace.is_unfinished || caller.frame.tf_eip != trace.next_eip) {
        return;                             // it runs again, or its page-fault upcall runs before
    }
    TraceLine line;
    add_head(line, caller);
    if (trace.is_announced) {
        line.add("... %s", system_call_name(trace.number));
    } else {
        add_call(line, caller);
    }
    add_result(line, caller);
    print(line);
    trace.is_unfinished = false;
}
