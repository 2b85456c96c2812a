#include "kern/env/ipc.hh"

#include <algorithm>

#include "kern/debug/counters.hh"
#include "kern/env/scheduler.hh"

namespace {

using Sending = Environment::Sending;
using Receiving = Environment::Receiving;

bool waits_for(const Environment& receiver, Environment& sender)
{
    return receiver.wait_kind == WaitKind::receive
        && (receiver.receiving.from == 0 || receiver.receiving.from == sender.id());
}

void set_result(Environment& environment, int32_t result)
{
    environment.frame.tf_regs.reg_eax = static_cast<uint32_t>(result);
}

// Whether `sender` may send these pages: all mapped, and writable where that is asked. A
// copy-on-write page that is to be sent writable is remembered, so that the program's page-fault
// upcall makes it the sender's own and the system call runs again.
Result<void> check_pages(Environment& sender, PageRun run)
{
    if (run.count() == 0) {
        return {};
    }
    if (run.address() >= UTOP || (UTOP - run.address()) / page_size < run.count()) {
        return Error::invalid_argument;
    }
    for (uint32_t i = 0; i < run.count(); ++i) {
        const uintptr_t va = run.address() + i * page_size;
        const Pte entry = sender.space.entry(va);
        if (entry == 0) {
            return Error::invalid_argument;
        }
        if (run.writable() && (entry & PTE_W) == 0) {
            sender.cow_fault_va = (entry & PTE_COW) != 0 ? va : 0;
            return Error::invalid_argument;
        }
    }
    return {};
}

// Maps the pages into the receiver's window, those that an earlier message has not left there;
// returns what arrived there. A page that fork shares (PTE_SHARE) is such a page there too.
Result<PageRun> map_pages(Environment& sender, const Sending& message, Environment& receiver)
{
    const PageRun run = message.pages;
    const PageRun window = receiver.receiving.window;
    const uint32_t count = std::min(run.count(), window.count());
    TRY(check_pages(sender, run));
    const uint32_t rights = PTE_U | (run.writable() ? PTE_W : 0) | message.perm;
    for (uint32_t i = 0; i < count; ++i) {
        const uintptr_t offset = i * page_size;
        const uintptr_t from = run.address() + offset, to = window.address() + offset;
        const Pte entry = sender.space.entry(from);
        const uint32_t all_rights = rights | (entry & PTE_SHARE);
        if (!receiver.space.maps(to, pte_address(entry), all_rights)) {
            TRY(receiver.space.map(to, TRY(sender.space.share(from)), all_rights));
        }
    }
    return PageRun::at(0, count, count > 0 && run.writable());
}

// Completes the receive of `receiver`, which waits or is the caller. Its status is not touched.
Result<void> deliver(Environment& sender, const Sending& message, Environment& receiver)
{
    const PageRun arrived = TRY(map_pages(sender, message, receiver));
    count(Counter::messages);
    count(Counter::pages_sent, arrived.count());
    Env& info = receiver.info();
    sender.info().env_ipc_sent++;
    info.env_ipc_received++;
    info.env_ipc_from = sender.id();
    info.env_ipc_value = message.value;
    info.env_ipc_pages = arrived.count();
    info.env_ipc_perm = arrived.count() == 0
        ? 0
        : PTE_P | PTE_U | (arrived.writable() ? PTE_W : 0) | message.perm;
    if (receiver.receiving.course_call) {
        set_result(receiver, 0);
        return {};
    }
    set_result(receiver, sender.id());
    receiver.frame.tf_regs.reg_edx = message.value;
    receiver.frame.tf_regs.reg_ecx = arrived.bits;
    return {};
}

// What a queued sender does once its message is taken: it goes on, or waits for the answer.
void complete_send(Environment& sender)
{
    if (sender.sending.then_receive) {
        sender.leave_queue();
        sender.keep_waiting_for_message();
    } else {
        set_result(sender, 0);
        sender.make_runnable();
    }
}

// Takes the first queued message that `caller` wants; false if there is none. A sender whose
// pages can't be mapped gets the error, and the next one its turn.
bool take_queued(Environment& caller)
{
    Environment* sender = caller.senders.first();
    while (sender != nullptr) {
        Environment* const next = WaitQueue::next(*sender);
        const envid_t from = caller.receiving.from;
        if (from == 0 || from == sender->id()) {
            const Result<void> delivered = deliver(*sender, sender->sending, caller);
            if (delivered) {
                complete_send(*sender);
                return true;
            }
            ipc_fail(*sender, delivered.error());
        }
        sender = next;
    }
    return false;
}

}   // namespace

void ipc_fail(Environment& waiting, Error error)
{
    set_result(waiting, to_abi(error));
    waiting.make_runnable();
}

Result<int32_t> ipc_try_send(Environment& caller, Environment& receiver, const Sending& message)
{
    TRY(check_pages(caller, message.pages));
    if (!waits_for(receiver, caller)) {
        return Error::ipc_not_receiving;
    }
    TRY(deliver(caller, message, receiver));
    receiver.make_runnable();
    return 0;
}

Result<int32_t> ipc_send(Environment& caller, Environment& receiver, const Sending& message,
                         uint32_t timeout_ms)
{
    const Result<int32_t> sent = ipc_try_send(caller, receiver, message);
    if (sent || sent.error() != Error::ipc_not_receiving || timeout_ms == 0) {
        return sent;
    }
    caller.wait_as_sender(receiver, message, timeout_ms);
    return blocked;
}

Result<int32_t> ipc_call(Environment& caller, Environment& receiver, const Sending& message,
                         const Receiving& answer, uint32_t timeout_ms)
{
    const Result<int32_t> sent = ipc_try_send(caller, receiver, message);
    if (sent) {
        caller.wait_for_message(answer, timeout_ms);
        scheduler.prefer(receiver);
        return blocked;
    }
    if (sent.error() != Error::ipc_not_receiving) {
        return sent;
    }
    caller.receiving = answer;
    caller.wait_as_sender(receiver, message, timeout_ms);
    return blocked;
}

Result<int32_t> ipc_receive(Environment& caller, const Receiving& wanted, uint32_t timeout_ms)
{
    caller.receiving = wanted;
    if (take_queued(caller)) {
        return completed;
    }
    if (timeout_ms == 0) {
        return Error::timed_out;
    }
    caller.wait_for_message(wanted, timeout_ms);
    return blocked;
}

void ipc_peer_ended(Environment& ended, envid_t ended_id)
{
    while (Environment* const sender = ended.senders.first()) {
        ipc_fail(*sender, Error::peer_died);
    }
    for (Environment& waiting : Environment::all()) {
        if (waiting.wait_kind == WaitKind::receive && waiting.receiving.from == ended_id) {
            ipc_fail(waiting, Error::peer_died);
        }
    }
}
