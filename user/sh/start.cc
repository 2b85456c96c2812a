#include "user/sh/start.hh"

#include "user/sh/redirection.hh"

namespace shell {
namespace {

// A name without '/' is a program of /bin.
envid_t start_program(const Command& command, envid_t leader)
{
    char path[max_path];
    const char* const name = command.words[0];
    const bool is_path = strchr(name, '/') != nullptr;
    const int length = snprintf(path, sizeof path, "%s%s", is_path ? "" : "/bin/", name);
    if (static_cast<size_t>(length) >= sizeof path) {
        return to_abi(Error::bad_path);
    }
    return spawn_in_group(leader, path, command.words);
}

envid_t start_copy(const Command& command, Builtin builtin, envid_t leader)
{
    const envid_t child = fork();
    if (child == 0) {
        exit(builtin(command));
    }
    if (child > 0) {
        sys_env_set_group(child, leader > 0 ? leader : child);     // an error: it has ended
    }
    return child;
}

// Returns the environment, or an error after a message.
envid_t start_command(const Command& command, int input, int output, envid_t leader)
{
    Streams streams;
    if (!streams.connect(input, output) || !streams.redirect(command)) {
        return to_abi(Error::unspecified);
    }
    const Builtin builtin = find_builtin(command.words[0]);
    const envid_t child = builtin != nullptr ? start_copy(command, builtin, leader)
                                             : start_program(command, leader);
    if (child < 0) {
        complain(command.words[0],
                 child == to_abi(Error::not_found) ? "no such program" : error_text(child));
    }
    return child;
}

// A pipe that programs do not inherit but as their input or output. Both ends are -1 after an
// error, and it has been complained about.
struct PrivatePipe {
    int ends[2] = {-1, -1};

    void make()
    {
        int result = pipe(ends);
        if (result < 0) {
            ends[0] = ends[1] = -1;
            complain("|", error_text(result));
            return;
        }
        set_inherited(ends[0], false);
        set_inherited(ends[1], false);
    }
};

// What a background job reads: nothing. The console's lines are the shell's.
int empty_input()
{
    PrivatePipe nothing;
    nothing.make();
    close(nothing.ends[1]);
    return nothing.ends[0];
}

// "cat /motd | wc", cut to fit.
void set_name(Job& job, const Pipeline& pipeline)
{
    for (int i = 0; i < pipeline.command_count; i++) {
        const Command& command = pipeline.commands[i];
        for (int word = 0; word < command.word_count; word++) {
            const size_t used = strlen(job.name);
            const char* const before = word > 0 ? " " : i > 0 ? " | " : "";
            snprintf(job.name + used, sizeof job.name - used, "%s%s", before, command.words[word]);
        }
    }
}

} // namespace

Job start(const Pipeline& pipeline)
{
    Job job;
    set_name(job, pipeline);
    const bool reads_nothing = pipeline.in_background && pipeline.commands[0].input == nullptr;
    int input = reads_nothing ? empty_input() : -1;
    for (int i = 0; i < pipeline.command_count; i++) {
        PrivatePipe pipe;
        if (i + 1 < pipeline.command_count) {
            pipe.make();
        }
        const envid_t leader = job.leader();
        job.members[job.count++] =
            start_command(pipeline.commands[i], input, pipe.ends[1], leader);
        close(input);
        close(pipe.ends[1]);
        input = pipe.ends[0];
    }
    return job;
}

int run_here(const Command& command, Builtin builtin)
{
    Streams streams;
    return streams.redirect(command) ? builtin(command) : status_failed;
}

} // namespace shell
