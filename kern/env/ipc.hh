// Messages between environments: docs/architecture.md, "Environments and IPC". The functions do
// what the system calls of the same names do, for the caller; the system calls check arguments.
#pragma once
#include "kern/env/environment.hh"

// Delivers `message` to `receiver` at once if it waits for one from the caller, else
// ipc_not_receiving. invalid_argument: the pages are not the caller's to send; no_memory.
Result<int32_t> ipc_try_send(Environment& caller, Environment& receiver,
                             const Environment::Sending& message);

// As ipc_try_send, but waits in the receiver's queue for up to `timeout_ms`.
Result<int32_t> ipc_send(Environment& caller, Environment& receiver,
                         const Environment::Sending& message, uint32_t timeout_ms);

// Sends, then waits for what `answer` describes, from `receiver`, which gets the CPU.
Result<int32_t> ipc_call(Environment& caller, Environment& receiver,
                         const Environment::Sending& message,
                         const Environment::Receiving& answer, uint32_t timeout_ms);

// Ends the wait of `waiting` with an error.
void ipc_fail(Environment& waiting, Error error);

// Receives what a queued sender has, or waits for `wanted`.
Result<int32_t> ipc_receive(Environment& caller, const Environment::Receiving& wanted,
                            uint32_t timeout_ms);
