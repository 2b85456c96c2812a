#include "kern/debug/monitor.hh"

#include <array>
#include <span>

#include "inc/stdio.hh"
#include "inc/string.hh"
#include "kern/debug/trapframe.hh"
#include "kern/dev/console.hh"

extern "C" const MonitorCommand __start_monitor_commands[], __stop_monitor_commands[];

namespace {

constexpr int most_words = 16;
constexpr const char* blanks = " \t\r\n";

// A command line taken apart: words_[0] is the command. The last pointer is null, as in main().
class Words {
public:
    explicit Words(char* line);
    int count() const { return count_; }
    char** begin() { return words_.data(); }
    bool too_many() const { return too_many_; }

private:
    std::array<char*, most_words + 1> words_{};
    int count_ = 0;
    bool too_many_ = false;
};

Words::Words(char* line)
{
    for (;;) {
        while (*line != '\0' && strchr(blanks, *line) != nullptr) {
            *line++ = '\0';
        }
        if (*line == '\0') {
            return;
        }
        if (count_ == most_words) {
            too_many_ = true;
            return;
        }
        words_[static_cast<size_t>(count_++)] = line;
        while (*line != '\0' && strchr(blanks, *line) == nullptr) {
            line++;
        }
    }
}

std::span<const MonitorCommand> commands()
{
    return {__start_monitor_commands, __stop_monitor_commands};
}

// Runs the command that `line` holds; a negative number leaves the monitor.
int run_line(char* line, Trapframe* frame)
{
    Words words(line);
    if (words.too_many()) {
        cprintf("Too many words (at most %d)\n", most_words);
        return 0;
    }
    if (words.count() == 0) {
        return 0;
    }
    for (const MonitorCommand& command : commands()) {
        if (strcmp(words.begin()[0], command.name) == 0) {
            return command.run(words.count(), words.begin(), frame);
        }
    }
    cprintf("Unknown command '%s'; 'help' lists what there is\n", words.begin()[0]);
    return 0;
}

// The first command after `name` in the alphabet, the very first if null; null at the end.
const MonitorCommand* command_after(const char* name)
{
    const MonitorCommand* found = nullptr;
    for (const MonitorCommand& command : commands()) {
        if ((name == nullptr || strcmp(command.name, name) > 0) &&
            (found == nullptr || strcmp(command.name, found->name) < 0)) {
            found = &command;
        }
    }
    return found;
}

int monitor_help(int, char**, Trapframe*)
{
    const MonitorCommand* command = command_after(nullptr);
    for (; command != nullptr; command = command_after(command->name)) {
        cprintf("%-10s %s\n", command->name, command->description);
    }
    return 0;
}

int monitor_continue(int, char**, Trapframe*)
{
    return -1;
}

MONITOR_COMMAND(help, "list the commands", monitor_help);
MONITOR_COMMAND(continue, "leave the monitor: go on with what was stopped", monitor_continue);
MONITOR_COMMAND(exit, "the same", monitor_continue);

} // namespace

void monitor(Trapframe* frame)
{
    cprintf("Welcome to the JOS kernel monitor!\n");
    cprintf("Type 'help' for a list of commands.\n");
    if (frame != nullptr) {
        print_trapframe(*frame);
    }
    while (run_line(readline("K> "), frame) >= 0) {
    }
}
