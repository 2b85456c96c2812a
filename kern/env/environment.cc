#include "kern/env/environment.hh"

#include <algorithm>
#include <array>
#include <bit>

#include "inc/stdio.hh"
#include "kern/cpu/smp.hh"
#include "kern/debug/panic.hh"
#include "kern/dev/clock.hh"
#include "kern/dev/disk.hh"
#include "kern/env/elf.hh"
#include "kern/env/scheduler.hh"
#include "kern/env/words.hh"
#include "kern/memory/boot_memory.hh"

namespace {

constexpr int generation_shift = log2_max_envs + 2;     // the first id is 0x1000
constexpr size_t stack_pages = 8;

constinit std::array<Environment, max_envs> environments{};
constinit Env* window = nullptr;                        // what programs see at UENVS
constinit Environment* first_free = nullptr;            // first ended, first used again, so that
constinit Environment* last_free = nullptr;             // ids and exit statuses stay known long
constinit size_t alive = 0;
constinit uint64_t earliest_deadline_us = no_deadline;

// Who may wait for a deadline: everybody who does, and some who did. A bit each.
constinit std::array<uint32_t, max_envs / 32> may_have_deadline{};

envid_t next_id(envid_t old, int index)
{
    const auto generation = (static_cast<uint32_t>(old) + (1u << generation_shift))
        & ~static_cast<uint32_t>(max_envs - 1) & 0x7FFFFFFF;
    const uint32_t first = 1u << generation_shift;
    return static_cast<envid_t>((generation < first ? first : generation)
                                | static_cast<uint32_t>(index));
}

envid_t current_id()
{
    Environment* const current = this_cpu().current;
    return current != nullptr ? current->id() : 0;
}

Trapframe user_frame(EnvType type)
{
    Trapframe frame;
    frame.tf_ds = frame.tf_es = frame.tf_ss = GD_UD | 3;
    frame.tf_cs = GD_UT | 3;
    frame.tf_esp = USTACKTOP;
    frame.tf_eflags = FL_IF | (type == EnvType::fs ? FL_IOPL_3 : 0);
    return frame;
}

}   // namespace

void environments_allocate(BootAllocator& boot) { window = boot.allocate<Env>(max_envs); }
PhysAddr environments_window() { return to_physical(window); }
size_t environments_window_bytes() { return sizeof(Env) * max_envs; }

void environments_init()
{
    Env* info = window;
    for (Environment& environment : environments) {
        environment.show_in(*info++);
        environment.release_slot();
    }
}

std::span<Environment> Environment::all() { return environments; }
size_t Environment::count() { return alive; }

void Environment::announce(const char* what)
{
    if (!quiet) {
        cprintf("[%08x] %s %08x\n", static_cast<unsigned>(current_id()), what,
                static_cast<unsigned>(id()));
    }
}

void Environment::release_slot()
{
    next_free_ = nullptr;
    (last_free != nullptr ? last_free->next_free_ : first_free) = this;
    last_free = this;
}

Result<Environment*> Environment::create(envid_t parent, EnvType type, Allowance& allowance)
{
    Environment* const taken = first_free;
    if (taken == nullptr) {
        return Error::no_free_env;
    }
    TRY(allowance.check_room());
    const envid_t old_id = taken->id();
    Env& info = taken->info();
    info = Env{};
    info.env_id = old_id;
    taken->space = TRY(AddressSpace::create(allowance.pages(), info.env_pages));
    first_free = taken->next_free_;
    if (first_free == nullptr) {
        last_free = nullptr;
    }
    ++alive;
    allowance.add_environment();
    taken->allowance_ = &allowance;
    info.env_id = next_id(old_id, static_cast<int>(taken - environments.data()));
    info.env_parent_id = parent;
    info.env_type = type;
    info.env_status = EnvStatus::not_runnable;
    taken->frame = user_frame(type);
    taken->pgfault_upcall = 0;
    taken->trace = {};
    taken->last_link_changes = 0;
    taken->cow_fault_va = 0;
    taken->progress = 0;
    taken->group = 0;
    taken->quiet = this_cpu().current != nullptr && this_cpu().current->quiet;
    taken->wait_kind = WaitKind::nothing;
    taken->wait_started_ = taken->has_deadline_ = false;
    taken->cpu_cycles_ = 0;
    taken->announce("new env");
    return taken;
}

Environment* Environment::by_id(envid_t id)
{
    Environment& found = environments[static_cast<size_t>(env_index(id))];
    return id > 0 && found.is_alive() && found.id() == id ? &found : nullptr;
}

Result<Environment*> Environment::find(Environment& caller, envid_t id, bool checked)
{
    Environment* const found = id == 0 ? &caller : by_id(id);
    if (found == nullptr) {
        return Error::bad_env;
    }
    if (checked && found != &caller && found->info().env_parent_id != caller.id()) {
        return Error::bad_env;
    }
    return found;
}

void Environment::set_name(std::string_view name)
{
    Env& entry = info();
    const size_t length = std::min(name.size(), sizeof(entry.env_name) - 1);
    std::fill(std::begin(entry.env_name), std::end(entry.env_name), '\0');
    std::copy_n(name.begin(), length, entry.env_name);
    if (const bool wanted = is_traced(this->name()); wanted != trace.is_on) {
        trace = {.is_on = wanted};
    }
}

void Environment::join(Allowance& allowance)
{
    allowance.add_environment();
    space.pay_by(allowance.pages());
    std::exchange(allowance_, &allowance)->remove_environment();
}

Result<void> Environment::load(std::span<const std::byte> image)
{
    frame.tf_eip = TRY(load_elf(space, image));
    for (size_t i = 1; i <= stack_pages; ++i) {
        TRY(space.map(USTACKTOP - i * page_size, TRY(PageFrame::allocate()), PTE_U | PTE_W));
    }
    return {};
}

void Environment::end(int exit_status)
{
    ended_status_ = exit_status;
    if (Cpu* const other = scheduler.runs_elsewhere(*this); other != nullptr) {
        info().env_status = EnvStatus::dying;
        smp_pull_into_kernel(*other);
        return;
    }
    finish();
}

void Environment::finish()
{
    const envid_t ended = id();
    announce("free env");
    if (this_cpu().current == this) {
        this_cpu().current = nullptr;
    }
    stop_waiting();
    scheduler.remove(*this);
    info().env_status = EnvStatus::free;
    --alive;
    ended_id_ = ended;
    ipc_peer_ended(*this, ended);
    exit_queue_.wake_all();
    if (type() == EnvType::fs) {
        disk_stop_transfer();           // into memory that is free from here on
    }
    space.clear();
    std::exchange(allowance_, nullptr)->remove_environment();
    wake_all_word_waiters();            // one may have watched it, or its pages
    release_slot();
    end_unstarted_children(ended);
}

// A child that its parent has not started yet, nobody can start any more.
void Environment::end_unstarted_children(envid_t parent)
{
    for (Environment& child : environments) {
        const Env& info = child.info();
        if (info.env_parent_id == parent && info.env_status == EnvStatus::not_runnable
            && info.env_runs == 0) {
            child.end(128);
        }
    }
}

void Environment::stop_elsewhere()
{
    Cpu* const other = scheduler.runs_elsewhere(*this);
    if (other == nullptr || status() != EnvStatus::running) {
        return;
    }
    info().env_status = EnvStatus::not_runnable;
    smp_pull_into_kernel(*other);
    if (frame.tf_trapno == T_SYSCALL) {
        frame.tf_eip -= SYSTEM_CALL_BYTES;
    }
}

Result<int> Environment::exit_status_of(envid_t id) const
{
    if (ended_id_ != id) {
        return Error::bad_env;
    }
    return ended_status_;
}

void Environment::set_deadline(uint32_t timeout_ms)
{
    has_deadline_ = timeout_ms != wait_forever;
    if (has_deadline_) {
        deadline_us_ = time_us() + uint64_t{timeout_ms} * 1000;
        note_deadline();
    }
}

void Environment::note_deadline()
{
    const auto index = static_cast<size_t>(this - environments.data());
    may_have_deadline[index / 32] |= 1u << index % 32;
    earliest_deadline_us = std::min(earliest_deadline_us, deadline_us_);
}

Error Environment::wait(uint32_t timeout_ms)
{
    if (!wait_started_) {
        set_deadline(timeout_ms);
        wait_started_ = true;
    }
    if (has_deadline_ && time_us() >= deadline_us_) {
        return Error::timed_out;
    }
    if (has_deadline_) {
        note_deadline();
    }
    info().env_status = EnvStatus::not_runnable;
    wait_kind = WaitKind::queue;
    frame.tf_eip -= SYSTEM_CALL_BYTES;
    return blocked;
}

Error Environment::continue_later()
{
    frame.tf_eip -= SYSTEM_CALL_BYTES;
    scheduler.preempt();
    return completed;
}

Error Environment::wait_on(WaitQueue& queue, uint32_t timeout_ms)
{
    const Error result = wait(timeout_ms);
    if (result == blocked) {
        queue.append(*this);
    }
    return result;
}

void Environment::wait_for_message(const Receiving& what, uint32_t timeout_ms)
{
    receiving = what;
    set_deadline(timeout_ms);
    keep_waiting_for_message();
}

void Environment::keep_waiting_for_message()
{
    info().env_status = EnvStatus::not_runnable;
    wait_kind = WaitKind::receive;
}

void Environment::wait_as_sender(Environment& receiver, const Sending& what, uint32_t timeout_ms)
{
    sending = what;
    set_deadline(timeout_ms);
    info().env_status = EnvStatus::not_runnable;
    wait_kind = WaitKind::send;
    receiver.senders.append(*this);
}

void Environment::leave_queue()
{
    if (queue_ != nullptr) {
        queue_->remove(*this);
    }
}

void Environment::stop_waiting()
{
    leave_queue();
    wait_kind = WaitKind::nothing;
}

void Environment::make_runnable()
{
    stop_waiting();
    computes_ = false;
    info().env_status = EnvStatus::runnable;
    scheduler.add(*this);
}

bool Environment::may_be_woken() const
{
    return wait_kind != WaitKind::nothing && (has_deadline_ || wait_kind == WaitKind::queue);
}

uint64_t Environment::earliest_deadline() { return earliest_deadline_us; }

// Whether it still waits for a deadline after this moment.
bool Environment::expire_wait(uint64_t now_us)
{
    if (wait_kind == WaitKind::nothing || !has_deadline_) {
        return false;
    }
    if (now_us < deadline_us_) {
        earliest_deadline_us = std::min(earliest_deadline_us, deadline_us_);
        return true;
    }
    if (wait_kind != WaitKind::queue) {
        frame.tf_regs.reg_eax = static_cast<uint32_t>(to_abi(Error::timed_out));
    }
    make_runnable();
    return false;
}

void Environment::expire_waits(uint64_t now_us)
{
    if (now_us < earliest_deadline_us) {
        return;
    }
    earliest_deadline_us = no_deadline;
    for (size_t i = 0; i < may_have_deadline.size(); ++i) {
        for (uint32_t left = may_have_deadline[i]; left != 0; left &= left - 1) {
            const auto bit = static_cast<size_t>(std::countr_zero(left));
            if (!environments[i * 32 + bit].expire_wait(now_us)) {
                may_have_deadline[i] &= ~(1u << bit);
            }
        }
    }
}

bool network_server_running()
{
    return std::any_of(environments.begin(), environments.end(), [](Environment& environment) {
        return environment.is_alive() && environment.type() == EnvType::ns;
    });
}
