// The shell: reads lines and starts the programs that they name. `sh FILE` reads them from a file,
// `sh -c COMMANDS` takes them from there.
#include "lib/args.hh"
#include "lib/lib.hh"
#include "user/sh/jobs.hh"
#include "user/sh/parser.hh"
#include "user/sh/redirection.hh"
#include "user/sh/start.hh"

namespace {

using namespace shell;

constexpr const char* help_text =
    "COMMAND [ARGUMENT]... [< FILE] [> FILE] [>> FILE] [2> FILE] [2>&1]   runs a program of /bin\n"
    "COMMAND | COMMAND   what one writes, the next reads\n"
    "COMMAND &           starts it in the background\n"
    "COMMAND; COMMAND    one after the other; && or ||: if the first ends well, or badly\n"
    "'...' \"...\" \\       keep what they cover; $? is the last status; # begins a comment\n"
    "jobs                lists what runs in the background\n"
    "fg [%N]             waits for job N, or the newest; Ctrl-C ends it\n"
    "wait [%N]           waits for job N, or for all\n"
    "kill %N | ID        ends a job, or an environment that this shell started\n"
    "announce on | off   whether the kernel tells of each environment's start and end\n"
    "exit [N]            ends the shell\n"
    "Arrow keys, Home, End and Delete edit; up and down bring earlier lines back.\n"
    "`ls /bin` lists the programs, `ps` what runs, `free` memory in use.\n";

int last_status = 0;
Tell tell = Tell::no;                           // yes: a person types

int help(const Command&)
{
    return fprintf(1, "%s", help_text) < 0 ? status_failed : 0;
}

int jobs(const Command&) { return list_jobs(); }

int leave(const Command& command)
{
    exit(command.word_count > 1 ? atoi(command.words[1]) : last_status);
}

int announce(const Command& command)
{
    const char* const text = command.word_count == 2 ? command.words[1] : "";
    const bool on = strcmp(text, "on") == 0;
    if (!on && strcmp(text, "off") != 0) {
        complain("announce", "wants on or off");
        return status_failed;
    }
    sys_env_set_quiet(0, !on);
    return 0;
}

struct NamedBuiltin {
    const char* name;
    Builtin run;
};
constexpr NamedBuiltin builtins[] = {
    {"help", help},          {"jobs", jobs},
    {"fg", bring_to_foreground}, {"wait", wait_for_jobs},
    {"kill", kill_job},      {"announce", announce},
    {"exit", leave},
};

// Puts last_status where words have $?, and keeps them until the next call of expand_all.
class StatusExpander {
public:
    void expand_all(const Pipeline& pipeline)
    {
        next_ = room_;
        for (int i = 0; i < pipeline.command_count; i++) {
            Command& command = pipeline.commands[i];
            for (int word = 0; word < command.word_count; word++) {
                expand(command.words[word]);
            }
            expand(command.input);
            expand(command.output);
            expand(command.error_output);
        }
    }

private:
    void expand(const char*& word)
    {
        if (word == nullptr || strchr(word, status_mark) == nullptr) {
            return;
        }
        const char* const begin = next_;
        for (const char* from = word; *from != '\0'; from++) {
            if (*from == status_mark) {
                next_ += snprintf(next_, longest_status + 1, "%d", last_status & 0xFF);
            } else {
                *next_++ = *from;
            }
        }
        *next_++ = '\0';
        word = begin;
    }

    static constexpr size_t longest_status = 3;         // in place of two bytes of the line
    char room_[longest_line * 2] = {};
    char* next_ = room_;
};

StatusExpander expander;

// A program that was ended, by a fault or by somebody, cannot say so itself.
void tell_of_end(const char* name, int status)
{
    constexpr int ended_by_others = 128;
    if (status >= ended_by_others) {
        fprintf(2, "sh: %s ended with status %d\n", name, status);
    }
}

void run(const Pipeline& pipeline)
{
    expander.expand_all(pipeline);
    const Command& last = pipeline.commands[pipeline.command_count - 1];
    const Builtin builtin = find_builtin(last.words[0]);
    if (pipeline.command_count == 1 && builtin != nullptr && !pipeline.in_background) {
        last_status = run_here(last, builtin);
        return;
    }
    const Job job = start(pipeline);
    if (pipeline.in_background) {
        if (job.leader() != 0) {
            keep_in_background(job, tell);
        }
        last_status = job.leader() != 0 ? 0 : status_no_program;
        return;
    }
    last_status = job.wait_in_foreground();
    tell_of_end(last.words[0], last_status);
}

bool is_wanted(Condition condition)
{
    return condition == Condition::always ||
           (condition == Condition::success) == (last_status == 0);
}

void run_line(char* text)
{
    static Line line;
    if (strlen(text) >= longest_line) {
        complain("the line", "is too long (4094 bytes at most)");
        last_status = status_failed;
        return;
    }
    if (const char* error = parse(text, line); error != nullptr) {
        complain("syntax", error);
        last_status = status_failed;
        return;
    }
    for (int i = 0; i < line.pipeline_count; i++) {
        if (is_wanted(line.pipelines[i].condition)) {
            run(line.pipelines[i]);
        }
    }
}
static_assert(longest_line == 4095, "the message names it");

// A script's lines. Its programs do not inherit the file, and read what the shell would read.
class Script {
public:
    explicit Script(const char* path) : number_(open(path, O_RDONLY))
    {
        if (number_ < 0) {
            complain(path, error_text(number_));
            exit(status_no_program);
        }
        set_inherited(number_, false);
    }

    // The next line, without what is beyond `longest_line` bytes; null at the end.
    char* next()
    {
        size_t length = 0;
        int byte = take();
        if (byte < 0) {
            return nullptr;
        }
        for (; byte >= 0 && byte != '\n'; byte = take()) {
            if (length < longest_line) {
                line_[length++] = static_cast<char>(byte);
            }
        }
        line_[length] = '\0';
        return line_;
    }

private:
    int take()
    {
        if (next_ == size_) {
            size_ = read(number_, buffer_, sizeof buffer_);
            next_ = 0;
        }
        return size_ > 0 ? buffer_[next_++] : -1;
    }

    int number_;
    unsigned char buffer_[512];
    ssize_t next_ = 0, size_ = 0;
    char line_[longest_line + 1];
};

[[noreturn]] void run_script(const char* path)
{
    static Script script(path);
    while (char* text = script.next()) {
        run_line(text);
        forget_ended_jobs(tell);
    }
    exit(last_status);
}

// What this shell starts is of interest by what it does, not by its start and end; and Ctrl-C is
// a byte of the line until something runs.
void begin_session()
{
    tell = Tell::yes;
    sys_env_set_quiet(0, true);
    sys_console_foreground(0);
    printf("JOS++ shell. Type 'help' for help.\n");
}

} // namespace

shell::Builtin shell::find_builtin(const char* name)
{
    for (const NamedBuiltin& builtin : builtins) {
        if (strcmp(builtin.name, name) == 0) {
            return builtin.run;
        }
    }
    return nullptr;
}

void umain(int argc, char** argv)
{
    if (argc == 3 && strcmp(argv[1], "-c") == 0) {
        run_line(argv[2]);
        exit(last_status);
    }
    if (argc > 1) {
        run_script(argv[1]);
    }
    const bool interactive = iscons(0) == 1;
    if (interactive) {
        begin_session();
    }
    while (char* text = readline(interactive ? "$ " : nullptr)) {
        run_line(text);
        forget_ended_jobs(tell);
    }
    if (interactive) {
        printf("\n");
    }
    exit(last_status);
}
