// The shell: reads lines and starts the programs that they name. `sh FILE` reads them from a file.
#include "lib/args.hh"
#include "lib/lib.hh"
#include "user/sh/parser.hh"

namespace {

using shell::Command;
using shell::Pipeline;

constexpr const char* help_text =
    "COMMAND [ARGUMENT]... [< FILE] [> FILE] [>> FILE]   starts a program of /bin\n"
    "COMMAND &                                           starts it in the background\n"
    "COMMAND; COMMAND                                    one after the other\n"
    "kill ID     ends an environment that this shell started\n"
    "exit [N]    ends the shell\n"
    "`ls /bin` lists the programs, `ps` what runs, `free` memory in use.\n";

void complain(const char* what, const char* why)
{
    fprintf(2, "sh: %s: %s\n", what, why);
}

// Has a standard descriptor lead to a file, and back to what it was at the end.
class Redirection {
public:
    Redirection() = default;
    Redirection(const Redirection&) = delete;
    Redirection& operator=(const Redirection&) = delete;
    ~Redirection()
    {
        if (saved_ >= 0) {
            dup(saved_, number_);
            close(saved_);
        }
    }

    // Returns 0 or an error.
    int redirect(int number, const char* path, int mode)
    {
        const int file = open(path, mode);
        if (file < 0) {
            return file;
        }
        const int saved = save(number);
        const int result = saved < 0 ? saved : dup(file, number);
        close(file);
        return result < 0 ? result : 0;
    }

private:
    // Keeps the descriptor under a free number.
    int save(int number)
    {
        Fd* free_fd = nullptr;
        if (const int result = fd_alloc(&free_fd); result < 0) {
            return result;
        }
        const int saved = dup(number, fd2num(free_fd));
        if (saved >= 0) {
            number_ = number;
            saved_ = saved;
        }
        return saved;
    }

    int number_ = -1;
    int saved_ = -1;
};

bool redirect_all(const Command& command, Redirection& input, Redirection& output)
{
    int result = 0;
    if (command.input != nullptr) {
        result = input.redirect(0, command.input, O_RDONLY);
        if (result < 0) {
            complain(command.input, error_text(result));
            return false;
        }
    }
    if (command.output != nullptr) {
        const int mode = O_WRONLY | O_CREAT | (command.append ? O_APPEND : O_TRUNC);
        result = output.redirect(1, command.output, mode);
        if (result < 0) {
            complain(command.output, error_text(result));
            return false;
        }
    }
    return true;
}

// A name without '/' is a program of /bin.
envid_t start(const Command& command)
{
    char path[256];
    const char* const name = command.words[0];
    const bool is_path = strchr(name, '/') != nullptr;
    const int length = snprintf(path, sizeof path, "%s%s", is_path ? "" : "/bin/", name);
    if (static_cast<size_t>(length) >= sizeof path) {
        return to_abi(Error::bad_path);
    }
    return spawn(path, command.words);
}

void run_program(const Command& command, bool in_background)
{
    envid_t child = 0;
    {
        Redirection input, output;
        if (!redirect_all(command, input, output)) {
            return;
        }
        child = start(command);
    }
    if (child < 0) {
        complain(command.words[0],
                 child == to_abi(Error::not_found) ? "no such program" : error_text(child));
        return;
    }
    if (in_background) {
        fprintf(2, "[%08x] %s\n", static_cast<unsigned>(child), command.words[0]);
        return;
    }
    if (const int status = wait(child); status != 0) {
        fprintf(2, "sh: %s ended with status %d\n", command.words[0], status);
    }
}

void kill_environment(const Command& command)
{
    char* end = nullptr;
    const char* const text = command.word_count == 2 ? command.words[1] : "";
    const unsigned long id = strtoul(text, &end, 16);
    if (*text == '\0' || *end != '\0') {
        complain("kill", "wants the environment's id, as ps shows it");
        return;
    }
    if (const int result = sys_env_destroy(static_cast<envid_t>(id)); result < 0) {
        complain("kill", error_text(result));
    }
}

// Runs the command if the shell knows it itself.
bool run_builtin(const Command& command)
{
    const char* const name = command.words[0];
    if (strcmp(name, "help") == 0) {
        fprintf(1, "%s", help_text);
    } else if (strcmp(name, "exit") == 0) {
        exit(command.word_count > 1 ? atoi(command.words[1]) : 0);
    } else if (strcmp(name, "kill") == 0) {
        kill_environment(command);
    } else {
        return false;
    }
    return true;
}

void run(const Pipeline& pipeline)
{
    if (pipeline.command_count > 1) {
        complain("|", "pipes are not supported yet");
        return;
    }
    const Command& command = pipeline.commands[0];
    if (!run_builtin(command)) {
        run_program(command, pipeline.in_background);
    }
}

void read_script(const char* path)
{
    close(0);
    const int file = open(path, O_RDONLY);
    if (file != 0) {
        complain(path, error_text(file));
        exit(1);
    }
}

shell::Line line;

} // namespace

void umain(int argc, char** argv)
{
    if (argc > 1) {
        read_script(argv[1]);
    }
    const bool interactive = iscons(0) == 1;
    if (interactive) {
        printf("JOS++ shell. Type 'help' for help.\n");
    }
    while (char* text = readline(interactive ? "$ " : nullptr)) {
        if (const char* error = shell::parse(text, line); error != nullptr) {
            complain("syntax", error);
            continue;
        }
        for (int i = 0; i < line.pipeline_count; i++) {
            run(line.pipelines[i]);
        }
    }
    if (interactive) {
        printf("\n");
    }
}
