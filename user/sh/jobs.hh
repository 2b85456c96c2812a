// Pipelines that run, or have run, and the table of those in the background.
#pragma once
#include "lib/lib.hh"
#include "user/sh/parser.hh"

namespace shell {

inline constexpr int status_failed = 1, status_no_program = 127;

struct Job {
    envid_t members[max_pipeline_commands] = {};    // negative: it was not started
    int count = 0;                                  // 0: free
    char name[48] = {};
    int number_of_start = 0;                        // in the order in which they were started

    // The first of its members that was started, which leads their group; 0: none was.
    envid_t leader() const;
    bool has_ended() const;

    // Waits until all have ended. The status of a pipeline is its last command's. While the shell
    // waits, Ctrl-C ends the job and what it has started.
    int wait_in_foreground() const;
};

// Whether a person is to be told about jobs that start and end.
enum class Tell { no, yes };

// Puts a job into the table, and tells its number.
void keep_in_background(const Job& started, Tell tell);
// Forgets those that have ended, and tells of them.
void forget_ended_jobs(Tell tell);

// The shell's commands about jobs. They return their exit status.
int list_jobs();                                // jobs
int wait_for_jobs(const Command& command);      // wait [%N]
int bring_to_foreground(const Command& command);        // fg [%N]
int kill_job(const Command& command);           // kill %N | ID

} // namespace shell
