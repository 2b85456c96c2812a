#include "user/sh/jobs.hh"

#include "user/sh/redirection.hh"

namespace shell {
namespace {

constexpr int max_jobs = 16;
Job jobs[max_jobs];

int number_of(const Job& job)
{
    return static_cast<int>(&job - jobs) + 1;
}

// The job that "%N" names; null if there is none.
Job* find_job(const char* text)
{
    char* end = nullptr;
    const unsigned long number = *text == '%' ? strtoul(text + 1, &end, 10) : 0;
    const bool is_number = number >= 1 && number <= max_jobs && *end == '\0';
    return is_number && jobs[number - 1].count > 0 ? &jobs[number - 1] : nullptr;
}

// The job in the table that was started last; null if there is none.
Job* newest_job()
{
    Job* newest = nullptr;
    for (Job& job : jobs) {
        const bool is_newer =
            newest == nullptr || job.number_of_start > newest->number_of_start;
        if (job.count > 0 && is_newer) {
            newest = &job;
        }
    }
    return newest;
}

void end_job(const Job& job)
{
    if (sys_env_end_group(job.leader()) >= 0) {
        return;
    }
    for (int i = 0; i < job.count; i++) {       // its leader ended long ago
        sys_env_destroy(job.members[i]);        // one that has ended, too, is no error
    }
}

} // namespace

envid_t Job::leader() const
{
    for (int i = 0; i < count; i++) {
        if (members[i] > 0) {
            return members[i];
        }
    }
    return 0;
}

bool Job::has_ended() const
{
    for (int i = 0; i < count; i++) {
        if (members[i] > 0 && sys_env_wait(members[i], 0) == to_abi(Error::timed_out)) {
            return false;
        }
    }
    return true;
}

int Job::wait_in_foreground() const
{
    int status = status_no_program;
    sys_console_foreground(leader());           // an error: nothing runs, nothing to interrupt
    for (int i = 0; i < count; i++) {
        status = members[i] > 0 ? wait(members[i]) : status_no_program;
    }
    sys_console_foreground(0);
    return status >= 0 ? status : status_no_program;
}

void keep_in_background(const Job& started, Tell tell)
{
    static int starts = 0;
    for (Job& job : jobs) {
        if (job.count == 0) {
            job = started;
            job.number_of_start = ++starts;
            if (tell == Tell::yes) {
                fprintf(2, "[%d] %08x\n", number_of(job), static_cast<unsigned>(job.leader()));
            }
            return;
        }
    }
    complain("&", "too many jobs: it runs on, but is not listed");
}

void forget_ended_jobs(Tell tell)
{
    for (Job& job : jobs) {
        if (job.count == 0 || !job.has_ended()) {
            continue;
        }
        const int status = job.wait_in_foreground();
        if (tell == Tell::yes) {
            fprintf(2, "[%d] %s: done, status %d\n", number_of(job), job.name, status);
        }
        job = {};
    }
}

int list_jobs()
{
    for (const Job& job : jobs) {
        if (job.count > 0) {
            printf("[%d] %08x %s\n", number_of(job), static_cast<unsigned>(job.leader()), job.name);
        }
    }
    return 0;
}

int wait_for_jobs(const Command& command)
{
    if (command.word_count > 1) {
        return bring_to_foreground(command);
    }
    for (Job& job : jobs) {
        if (job.count > 0) {
            job.wait_in_foreground();
            job = {};
        }
    }
    return 0;
}

int bring_to_foreground(const Command& command)
{
    Job* const job = command.word_count > 1 ? find_job(command.words[1]) : newest_job();
    if (job == nullptr) {
        complain(command.words[0], "no such job; 'jobs' lists them");
        return status_failed;
    }
    const int status = job->wait_in_foreground();
    *job = {};
    return status;
}

int kill_job(const Command& command)
{
    const char* const text = command.word_count == 2 ? command.words[1] : "";
    if (const Job* const job = find_job(text); job != nullptr) {
        end_job(*job);
        return 0;
    }
    char* end = nullptr;
    const unsigned long id = strtoul(text, &end, 16);
    if (*text == '%') {
        complain(text, "no such job; 'jobs' lists them");
        return status_failed;
    }
    if (*text == '\0' || *end != '\0') {
        complain("kill", "wants a job, %N, or the id of a program of this shell's, as ps shows it");
        return status_failed;
    }
    if (const int result = sys_env_destroy(static_cast<envid_t>(id)); result < 0) {
        complain("kill", error_text(result));
        return status_failed;
    }
    return 0;
}

} // namespace shell
