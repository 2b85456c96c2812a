// System calls that send and receive messages.
#include "kern/env/ipc.hh"

#include "kern/env/frame_watch.hh"
#include "kern/env/scheduler.hh"
#include "kern/syscall/syscalls.hh"

namespace {

using Sending = Environment::Sending;
using Receiving = Environment::Receiving;

Result<Environment*> peer_of(Environment& caller, uint32_t id)
{
    Environment* const peer = Environment::by_id(static_cast<envid_t>(id));
    if (peer == nullptr || peer == &caller) {
        return Error::bad_env;
    }
    return peer;
}

Result<Receiving> receiving(uint32_t window_bits, envid_t from)
{
    const PageRun window{window_bits};
    if (window.count() > 0
        && (window.address() >= UTOP || (UTOP - window.address()) / page_size < window.count())) {
        return Error::invalid_argument;
    }
    return Receiving{from, window, false};
}

// The page of the course's calls: an address from UTOP up means "none".
Result<PageRun> course_page(uintptr_t va, bool writable)
{
    if (va >= UTOP) {
        return PageRun::none();
    }
    if (va % page_size != 0) {
        return Error::invalid_argument;
    }
    return PageRun::at(va, 1, writable);
}

}   // namespace

// ipc_try_send(to, value, src_va, perm)
SyscallResult sys_ipc_try_send(Environment& caller, const SyscallArguments& arguments)
{
    Environment* const receiver = TRY(peer_of(caller, arguments.a1));
    Sending message{.to = receiver->id(), .value = arguments.a2};
    message.pages = TRY(course_page(arguments.a3, (arguments.a4 & PTE_W) != 0));
    if (message.pages.count() > 0) {
        constexpr uint32_t needed = PTE_U | PTE_P;
        if ((arguments.a4 & needed) != needed
            || (arguments.a4 & ~static_cast<uint32_t>(PTE_SYSCALL)) != 0) {
            return Error::invalid_argument;
        }
        message.perm = arguments.a4 & PTE_AVAIL;
    }
    return ipc_try_send(caller, *receiver, message);
}

// ipc_recv(dst_va): the message is in the caller's Env entry afterwards.
SyscallResult sys_ipc_recv(Environment& caller, const SyscallArguments& arguments)
{
    Receiving wanted;
    wanted.window = TRY(course_page(arguments.a1, true));
    wanted.course_call = true;
    return ipc_receive(caller, wanted, wait_forever);
}

// ipc_send(to, value, pages, timeout_ms)
SyscallResult sys_ipc_send(Environment& caller, const SyscallArguments& arguments)
{
    Environment* const receiver = TRY(peer_of(caller, arguments.a1));
    const Sending message{receiver->id(), arguments.a2, PageRun{arguments.a3}};
    return ipc_send(caller, *receiver, message, arguments.a4);
}

// ipc_call(to, value, pages, window, timeout_ms)
SyscallResult sys_ipc_call(Environment& caller, const SyscallArguments& arguments)
{
    Environment* const receiver = TRY(peer_of(caller, arguments.a1));
    const Sending message{receiver->id(), arguments.a2, PageRun{arguments.a3}, true};
    const Receiving answer = TRY(receiving(arguments.a4, receiver->id()));
    return ipc_call(caller, *receiver, message, answer, arguments.a5);
}

// ipc_reply_wait(to, value, pages, window, timeout_ms): to 0 answers nobody. An answer that its
// caller does not wait for any more is dropped; bad pages of the answer are the server's error,
// but that the client may not have so many is the client's. Frames end the wait of who watches for
// them (net_watch); but the client has its turn first, so that a flood of frames does not keep who
// reads them from running.
SyscallResult sys_ipc_reply_wait(Environment& caller, const SyscallArguments& arguments)
{
    const Receiving wanted = TRY(receiving(arguments.a4, 0));
    Environment* const client = Environment::by_id(static_cast<envid_t>(arguments.a1));
    if (client != nullptr && client != &caller) {
        const Sending answer{client->id(), arguments.a2, PageRun{arguments.a3}};
        const Result<int32_t> answered = ipc_try_send(caller, *client, answer);
        if (answered) {
            scheduler.prefer(*client);
        } else if (answered.error() == Error::no_memory) {
            ipc_fail(*client, Error::no_memory);
        } else if (answered.error() != Error::ipc_not_receiving) {
            return answered;
        }
    }
    if (frame_watch.is_for(caller)) {
        if (client != nullptr) {
            scheduler.preempt();
        }
        return Error::timed_out;
    }
    return ipc_receive(caller, wanted, arguments.a5);
}

// ipc_wait(from, window, timeout_ms): from 0 is anybody.
SyscallResult sys_ipc_wait(Environment& caller, const SyscallArguments& arguments)
{
    const auto from = static_cast<envid_t>(arguments.a1);
    if (from != 0) {
        TRY(peer_of(caller, arguments.a1));
    }
    return ipc_receive(caller, TRY(receiving(arguments.a2, from)), arguments.a3);
}
