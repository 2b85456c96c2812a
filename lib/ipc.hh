// Messages between environments: the course's calls, and the ones that the servers use.
#pragma once
#include "lib/syscall.hh"

// Sends `value`, and the page at `page` with `perm` unless it is null. Blocks until `to` takes
// the message; panics if it cannot (for programs that have no other answer to that).
void ipc_send(envid_t to, uint32_t value, void* page, uint32_t perm);

// Receives the next message into `page` (null: no page wanted) and returns its value; the sender
// and the page's permissions (0: none came) go to *from and *perm where these are not null.
int32_t ipc_recv(envid_t* from, void* page, int* perm);

// The first environment of `type`, 0 if there is none.
envid_t ipc_find_env(EnvType type);

// Sends and waits for the answer; nobody else can answer. Errors in `from`: bad_env, peer_died
// (it ended meanwhile), timed_out, invalid_argument (pages), no_memory.
inline IpcMessage ipc_call(envid_t to, uint32_t value, PageRun outgoing = {}, PageRun window = {},
                           uint32_t timeout_ms = wait_forever)
{
    return sys_ipc_call(to, value, outgoing, window, timeout_ms);
}

// Waits for a message from `from`, from anybody if 0.
inline IpcMessage ipc_wait(PageRun window = {}, uint32_t timeout_ms = wait_forever,
                           envid_t from = 0)
{
    return sys_ipc_wait(from, window, timeout_ms);
}

// A server's turn: answers `to`, which waits in ipc_call (if it does not any more the answer is
// lost; 0: nobody), then waits for the next message from anybody.
inline IpcMessage ipc_reply_wait(envid_t to, uint32_t value, PageRun outgoing = {},
                                 PageRun window = {}, uint32_t timeout_ms = wait_forever)
{
    return sys_ipc_reply_wait(to, value, outgoing, window, timeout_ms);
}

// Answers without waiting: ipc_not_receiving if `to` does not wait for us.
inline int ipc_reply(envid_t to, uint32_t value, PageRun outgoing = {})
{
    return sys_ipc_send(to, value, outgoing, 0);
}
