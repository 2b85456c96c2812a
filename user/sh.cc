// The shell: reads lines and starts the programs that they name. `sh FILE` reads them from a file.
#include "lib/args.hh"
#include "lib/lib.hh"
#include "user/sh/parser.hh"

namespace {

using shell::Command;
using shell::Pipeline;

constexpr const char* help_text =
    "COMMAND [ARGUMENT]... [< FILE] [> FILE] [>> FILE] [2> FILE]   starts a program of /bin\n"
    "COMMAND | COMMAND   what one writes, the next reads\n"
    "COMMAND &           starts it in the background\n"
    "COMMAND; COMMAND    one after the other; $? is the last one's status\n"
    "jobs                lists what runs in the background\n"
    "wait [%N]           waits for job N, or for all\n"
    "kill %N | ID        ends a job, or an environment that this shell started\n"
    "exit [N]            ends the shell\n"
    "`ls /bin` lists the programs, `ps` what runs, `free` memory in use.\n";

constexpr int status_no_program = 127, status_failed = 1;

int last_status = 0;

void complain(const char* what, const char* why)
{
    fprintf(2, "sh: %s: %s\n", what, why);
}

// Has a standard descriptor lead elsewhere, and back to what it was at the end.
class Redirection {
public:
    explicit Redirection(int number) : number_(number) {}
    Redirection(const Redirection&) = delete;
    Redirection& operator=(const Redirection&) = delete;
    ~Redirection()
    {
        if (saved_ >= 0) {
            dup(saved_, number_);
            set_inherited(number_, true);
            close(saved_);
        }
    }

    // Return 0 or an error.
    int to_file(const char* path, int mode)
    {
        const int file = open(path, mode);
        if (file < 0) {
            return file;
        }
        const int result = to_descriptor(file);
        close(file);
        return result;
    }
    int to_descriptor(int descriptor)
    {
        if (const int result = save(); result < 0) {
            return result;
        }
        const int result = dup(descriptor, number_);
        return result < 0 ? result : set_inherited(number_, true);
    }

private:
    // Keeps the descriptor under a free number, for this program alone.
    int save()
    {
        Fd* free_fd = nullptr;
        if (saved_ >= 0) {
            return 0;
        }
        if (const int result = fd_alloc(&free_fd); result < 0) {
            return result;
        }
        saved_ = dup(number_, fd2num(free_fd));
        return saved_ < 0 ? saved_ : set_inherited(saved_, false);
    }

    int number_;
    int saved_ = -1;
};

// Where a command of a pipeline reads and writes.
struct Streams {
    Redirection input{0}, output{1}, errors{2};
};

bool redirect(Redirection& stream, const char* path, int mode)
{
    const int result = path != nullptr ? stream.to_file(path, mode) : 0;
    if (result < 0) {
        complain(path, error_text(result));
    }
    return result >= 0;
}

// The command's own redirections: they win over the pipes.
bool redirect_all(const Command& command, Streams& streams)
{
    constexpr int to_write = O_WRONLY | O_CREAT;
    return redirect(streams.input, command.input, O_RDONLY) &&
           redirect(streams.output, command.output,
                    to_write | (command.append ? O_APPEND : O_TRUNC)) &&
           redirect(streams.errors, command.error_output, to_write | O_TRUNC);
}

// A name without '/' is a program of /bin.
envid_t start(const Command& command, envid_t leader)
{
    char path[256];
    const char* const name = command.words[0];
    const bool is_path = strchr(name, '/') != nullptr;
    const int length = snprintf(path, sizeof path, "%s%s", is_path ? "" : "/bin/", name);
    if (static_cast<size_t>(length) >= sizeof path) {
        return to_abi(Error::bad_path);
    }
    return spawn_in_group(leader, path, command.words);
}

// A pipeline that runs, or has run.
struct Job {
    envid_t members[shell::max_commands] = {};
    int count = 0;                              // 0: free
    char name[32] = {};
};
constexpr int max_jobs = 16;
Job jobs[max_jobs];

// The status of a pipeline is its last command's.
int wait_for(const Job& job)
{
    int status = status_no_program;
    for (int i = 0; i < job.count; i++) {
        status = job.members[i] > 0 ? wait(job.members[i]) : status_no_program;
    }
    return status;
}

// The first of its members that was started; 0: none was.
envid_t leader_of(const Job& job)
{
    for (int i = 0; i < job.count; i++) {
        if (job.members[i] > 0) {
            return job.members[i];
        }
    }
    return 0;
}

// While the shell waits, Ctrl-C ends the job and what it has started.
int wait_in_foreground(const Job& job)
{
    const envid_t leader = leader_of(job);
    if (leader == 0) {
        return status_no_program;
    }
    sys_console_foreground(leader);             // an error: it has ended already
    const int status = wait_for(job);
    sys_console_foreground(0);
    return status;
}

bool has_ended(const Job& job)
{
    for (int i = 0; i < job.count; i++) {
        if (job.members[i] > 0 && sys_env_wait(job.members[i], 0) == to_abi(Error::timed_out)) {
            return false;
        }
    }
    return true;
}

void end_job(const Job& job)
{
    for (int i = 0; i < job.count; i++) {
        if (job.members[i] > 0) {
            sys_env_destroy(job.members[i]);    // one that has ended is no error
        }
    }
}

void report_ended_jobs()
{
    for (Job& job : jobs) {
        if (job.count > 0 && has_ended(job)) {
            fprintf(2, "[%d] %s: done, status %d\n", static_cast<int>(&job - jobs) + 1, job.name,
                    wait_for(job));
            job = {};
        }
    }
}

void list_jobs()
{
    for (const Job& job : jobs) {
        if (job.count > 0) {
            printf("[%d] %s (%08x)\n", static_cast<int>(&job - jobs) + 1, job.name,
                   static_cast<unsigned>(job.members[job.count - 1]));
        }
    }
}

// The job that "%N" names; null if there is none.
Job* find_job(const char* text)
{
    char* end = nullptr;
    const unsigned long number = *text == '%' ? strtoul(text + 1, &end, 10) : 0;
    const bool is_number = number >= 1 && number <= max_jobs && *end == '\0';
    return is_number && jobs[number - 1].count > 0 ? &jobs[number - 1] : nullptr;
}

// Starts one command; returns its environment, or an error after a message.
envid_t start_command(const Command& command, int input, int output, envid_t leader)
{
    Streams streams;
    int result = input >= 0 ? streams.input.to_descriptor(input) : 0;
    if (result >= 0 && output >= 0) {
        result = streams.output.to_descriptor(output);
    }
    if (result < 0) {
        complain("pipe", error_text(result));
        return result;
    }
    if (!redirect_all(command, streams)) {
        return to_abi(Error::unspecified);
    }
    const envid_t child = start(command, leader);
    if (child < 0) {
        complain(command.words[0],
                 child == to_abi(Error::not_found) ? "no such program" : error_text(child));
    }
    return child;
}

// A pipe that programs do not inherit but as their input or output.
int make_private_pipe(int ends[2])
{
    int result = pipe(ends);
    if (result < 0) {
        ends[0] = ends[1] = -1;
        return result;
    }
    result = set_inherited(ends[0], false);
    return result < 0 ? result : set_inherited(ends[1], false);
}

Job start_all(const Pipeline& pipeline)
{
    Job job;
    strlcpy(job.name, pipeline.commands[0].words[0], sizeof job.name);
    int input = -1;
    for (int i = 0; i < pipeline.command_count; i++) {
        int ends[2] = {-1, -1};
        if (i + 1 < pipeline.command_count) {
            if (const int result = make_private_pipe(ends); result < 0) {
                complain("|", error_text(result));
            }
        }
        const envid_t leader = leader_of(job);
        job.members[job.count++] =
            start_command(pipeline.commands[i], input, ends[1], leader);
        close(input);
        close(ends[1]);
        input = ends[0];
    }
    return job;
}

void keep(const Job& started)
{
    for (Job& job : jobs) {
        if (job.count == 0) {
            job = started;
            fprintf(2, "[%d] %08x\n", static_cast<int>(&job - jobs) + 1,
                    static_cast<unsigned>(job.members[job.count - 1]));
            return;
        }
    }
    complain("&", "too many jobs: it runs on, but is not listed");
}

int kill_job(const Command& command)
{
    const char* const text = command.word_count == 2 ? command.words[1] : "";
    if (Job* const job = find_job(text); job != nullptr) {
        end_job(*job);
        return 0;
    }
    char* end = nullptr;
    const unsigned long id = strtoul(text, &end, 16);
    if (*text == '\0' || *end != '\0') {
        complain("kill", "wants a job's number, %N, or an environment's id, as ps shows it");
        return status_failed;
    }
    if (const int result = sys_env_destroy(static_cast<envid_t>(id)); result < 0) {
        complain("kill", error_text(result));
        return status_failed;
    }
    return 0;
}

int wait_for_jobs(const Command& command)
{
    if (command.word_count == 1) {
        for (const Job& job : jobs) {
            wait_for(job);
        }
        return 0;
    }
    Job* const job = find_job(command.words[1]);
    if (job == nullptr) {
        complain("wait", "no such job");
        return status_failed;
    }
    const int status = wait_for(*job);
    *job = {};
    return status;
}

// Runs the command if the shell knows it itself. Returns its status, or -1.
int run_builtin(const Command& command)
{
    const char* const name = command.words[0];
    if (strcmp(name, "help") == 0) {
        fprintf(1, "%s", help_text);
    } else if (strcmp(name, "exit") == 0) {
        exit(command.word_count > 1 ? atoi(command.words[1]) : last_status);
    } else if (strcmp(name, "jobs") == 0) {
        list_jobs();
    } else if (strcmp(name, "wait") == 0) {
        return wait_for_jobs(command);
    } else if (strcmp(name, "kill") == 0) {
        return kill_job(command);
    } else {
        return -1;
    }
    return 0;
}

// Puts last_status where the words have $?. Words keep their place in `room`, which is reused.
void expand_status(Command& command)
{
    static char room[2048];
    char* next = room;
    for (int i = 0; i < command.word_count; i++) {
        if (strchr(command.words[i], shell::status_mark) == nullptr) {
            continue;
        }
        const char* const begin = next;
        for (const char* from = command.words[i]; *from != '\0' && next + 16 < room + sizeof room;
             from++) {
            if (*from == shell::status_mark) {
                next += snprintf(next, 12, "%d", last_status);
            } else {
                *next++ = *from;
            }
        }
        *next++ = '\0';
        command.words[i] = begin;
    }
}

int run_builtin_redirected(const Command& command)
{
    Streams streams;
    return redirect_all(command, streams) ? run_builtin(command) : status_failed;
}

bool is_builtin(const Command& command)
{
    for (const char* name : {"help", "exit", "jobs", "wait", "kill"}) {
        if (strcmp(command.words[0], name) == 0) {
            return true;
        }
    }
    return false;
}

void run(Pipeline& pipeline)
{
    for (int i = 0; i < pipeline.command_count; i++) {
        expand_status(pipeline.commands[i]);
    }
    if (pipeline.command_count == 1 && is_builtin(pipeline.commands[0])) {
        last_status = run_builtin_redirected(pipeline.commands[0]);
        return;
    }
    const Job job = start_all(pipeline);
    if (pipeline.in_background) {
        keep(job);
        last_status = 0;
        return;
    }
    last_status = wait_in_foreground(job);
    if (last_status != 0 && job.members[job.count - 1] > 0) {
        fprintf(2, "sh: %s ended with status %d\n",
                pipeline.commands[pipeline.command_count - 1].words[0], last_status);
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
        report_ended_jobs();
    }
    if (interactive) {
        printf("\n");
    }
}
