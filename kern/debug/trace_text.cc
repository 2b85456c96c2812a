#include "kern/debug/trace_text.hh"

#include <algorithm>
#include <cstdarg>

#include "inc/mmu.h"
#include "inc/stdio.hh"
#include "inc/syscall.hh"
#include "kern/env/environment.hh"
#include "kern/memory/user_memory.hh"

namespace {

struct Description {
    const char* name;
    std::string_view arguments;             // names, by commas
};

constexpr std::array descriptions{
#define X(number, name, arguments) Description{#name, arguments},
    JOS_SYSCALLS(X)
#undef X
};

enum class Kind {
    hexadecimal, decimal, environment, sender, receiver, permissions, timeout, pages, text
};

struct NamedKind {
    std::string_view name;
    Kind kind;
};

// Arguments that are not mentioned are hexadecimal: addresses above all.
constexpr std::array kinds{
    NamedKind{"env", Kind::environment},      NamedKind{"src_env", Kind::environment},
    NamedKind{"dst_env", Kind::environment},  NamedKind{"to", Kind::receiver},
    NamedKind{"leader", Kind::environment},   NamedKind{"from", Kind::sender},
    NamedKind{"sharer", Kind::environment},   NamedKind{"perm", Kind::permissions},
    NamedKind{"timeout_ms", Kind::timeout},   NamedKind{"ms", Kind::timeout},
    NamedKind{"pages", Kind::pages},          NamedKind{"window", Kind::pages},
    NamedKind{"text", Kind::text},            NamedKind{"length", Kind::decimal},
    NamedKind{"count", Kind::decimal},        NamedKind{"status", Kind::decimal},
    NamedKind{"quiet", Kind::decimal},        NamedKind{"command", Kind::decimal},
};

bool receives_message(uint32_t number)
{
    return descriptions[number].arguments.find("window") != std::string_view::npos;
}

Kind kind_of(std::string_view name)
{
    const auto found = std::ranges::find(kinds, name, &NamedKind::name);
    return found != kinds.end() ? found->kind : Kind::hexadecimal;
}

// `zero`: what the id 0 means.
void add_environment(TraceLine& line, uint32_t id, const char* zero = "itself")
{
    if (id == 0) {
        line.add("%s", zero);
        return;
    }
    line.add("%08x", id);
    if (Environment* const found = Environment::by_id(static_cast<envid_t>(id))) {
        line.add(":%.*s", static_cast<int>(found->name().size()), found->name().data());
    }
}

void add_pages(TraceLine& line, PageRun run)
{
    if (run.count() == 0) {
        line.add("none");
        return;
    }
    line.add("0x%08x+%u %s", static_cast<unsigned>(run.address()),
             static_cast<unsigned>(run.count()), run.writable() ? "rw" : "r");
}

// The beginning of a text of `length` bytes in the caller's memory, as a string.
void add_text(TraceLine& line, Environment& caller, uint32_t address, uint32_t length)
{
    constexpr uint32_t most = 40;
    std::array<char, most> text{};
    const auto part = std::span(text).first(std::min(length, most));
    if (!UserBytes(caller, address, part.size()).copy_to(std::as_writable_bytes(part))) {
        line.add("0x%08x", address);
        return;
    }
    line.add("\"");
    for (const char byte : part) {
        if (byte == '\n') {
            line.add("\\n");
        } else {
            line.add("%c", byte >= ' ' && byte <= '~' ? byte : '?');
        }
    }
    line.add(length > most ? "\"..." : "\"");
}

void add_permissions(TraceLine& line, uint32_t bits)
{
    line.add("%c%c%c%s%s", (bits & PTE_P) != 0 ? 'p' : '-', (bits & PTE_U) != 0 ? 'u' : '-',
             (bits & PTE_W) != 0 ? 'w' : '-', (bits & PTE_SHARE) != 0 ? "+share" : "",
             (bits & PTE_COW) != 0 ? "+cow" : "");
}

void add_value(TraceLine& line, Kind kind, uint32_t value)
{
    switch (kind) {
    case Kind::decimal: line.add("%d", static_cast<int>(value)); break;
    case Kind::environment: add_environment(line, value); break;
    case Kind::sender: add_environment(line, value, "anybody"); break;
    case Kind::receiver: add_environment(line, value, "nobody"); break;
    case Kind::permissions: add_permissions(line, value); break;
    case Kind::timeout:
        if (value == wait_forever) {
            line.add("forever");
        } else {
            line.add("%u", value);
        }
        break;
    case Kind::pages: add_pages(line, {value}); break;
    case Kind::hexadecimal:
    case Kind::text: line.add("0x%x", value); break;
    }
}

} // namespace

void TraceLine::add(const char* format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(text_.data() + used_, text_.size() - used_, format, arguments);
    va_end(arguments);
    used_ = std::min(used_ + static_cast<size_t>(std::max(length, 0)), text_.size() - 1);
}

bool is_system_call(uint32_t number) { return number < descriptions.size(); }

const char* system_call_name(uint32_t number)
{
    return is_system_call(number) ? descriptions[number].name : "unknown";
}

void add_arguments(TraceLine& line, Environment& caller)
{
    const SyscallTrace& trace = caller.trace;
    if (!is_system_call(trace.number)) {
        line.add("(number %u)", trace.number);
        return;
    }
    std::string_view names = descriptions[trace.number].arguments;
    line.add("(");
    for (size_t i = 0; !names.empty(); ++i) {
        const std::string_view name = names.substr(0, names.find(','));
        names.remove_prefix(std::min(name.size() + 1, names.size()));
        line.add("%s%.*s ", i > 0 ? ", " : "", static_cast<int>(name.size()), name.data());
        const Kind kind = kind_of(name);
        if (kind == Kind::text) {           // its length is the next argument
            add_text(line, caller, trace.arguments[i], trace.arguments[i + 1]);
        } else {
            add_value(line, kind, trace.arguments[i]);
        }
    }
    line.add(")");
}

void add_result(TraceLine& line, Environment& caller)
{
    const PushRegs& registers = caller.frame.tf_regs;
    const auto result = static_cast<int32_t>(registers.reg_eax);
    if (result < 0) {
        line.add(" = %s (%d)", error_text(result), static_cast<int>(result));
        return;
    }
    const auto call = static_cast<Syscall>(caller.trace.number);
    if (call == Syscall::getenvid || call == Syscall::exofork) {
        line.add(" = ");
        add_environment(line, registers.reg_eax);
    } else if (call == Syscall::ipc_recv) {
        const Env& info = caller.info();
        line.add(" = 0: from ");
        add_environment(line, static_cast<uint32_t>(info.env_ipc_from));
        line.add(", value 0x%x, pages %u", info.env_ipc_value, info.env_ipc_pages);
    } else if (receives_message(caller.trace.number)) {
        line.add(" = from ");
        add_environment(line, registers.reg_eax);
        line.add(", value 0x%x, pages %u", registers.reg_edx,
                 static_cast<unsigned>(PageRun{registers.reg_ecx}.count()));
    } else {
        line.add(" = %d", static_cast<int>(result));
    }
}
