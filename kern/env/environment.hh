// Environments: JOS's processes. The kernel's side of each; what programs see of one is its
// `Env` entry in the window at UENVS (inc/env.hh).
#pragma once
#include <span>
#include <string_view>

#include "inc/env.hh"
#include "inc/error.hh"
#include "inc/syscall.hh"
#include "inc/trap.hh"
#include "kern/env/allowance.hh"
#include "kern/debug/trace.hh"
#include "kern/env/wait_queue.hh"
#include "kern/memory/address_space.hh"

// What a system call returns when its caller sleeps: whoever wakes it sets eax, or runs it again.
inline constexpr Error blocked{10000};
// What it returns when it has set the caller's registers itself.
inline constexpr Error completed{10001};

// What an environment that is not runnable waits for.
enum class WaitKind : uint8_t {
    nothing,        // its parent has not started it
    queue,          // a condition: its system call runs again when woken
    receive,        // a message: the sender completes its system call
    send,           // in its receiver's queue of senders: the receiver completes its system call
};

class Environment {
public:
    // Takes a free environment with an empty address space, not runnable. no_free_env, no_memory:
    // there is none, or its allowance does not have it.
    static Result<Environment*> create(envid_t parent, EnvType type, Allowance& allowance);
    // The environment with this id, the caller if 0. bad_env: none, or, with `checked`, neither
    // the caller nor its child.
    static Result<Environment*> find(Environment& caller, envid_t id, bool checked);
    static Environment* by_id(envid_t id);      // null if there is none (any more)
    static std::span<Environment> all();
    static size_t count();                      // environments that are not free

    void show_in(Env& info) { info_ = &info; }  // before anything else
    Env& info() { return *info_; }              // what programs see of it
    envid_t id() { return info().env_id; }
    EnvType type() { return info().env_type; }
    EnvStatus status() { return info().env_status; }
    bool is_alive() { return status() != EnvStatus::free && status() != EnvStatus::dying; }
    std::string_view name() { return info().env_name; }
    void set_name(std::string_view name);       // cut to fit
    Allowance& allowance() { return *allowance_; }
    void join(Allowance& allowance);            // and leave the one it shares now

    // Loads an ELF image and sets up its stack and entry; for the kernel's own programs.
    // not_executable, no_memory.
    Result<void> load(std::span<const std::byte> image);

    // Frees everything it has and wakes whoever waits on it; if another CPU runs it, that CPU
    // does so as soon as it is in the kernel. If it is the current one, the caller must not
    // return to it.
    void end(int exit_status);
    void finish();                              // the end of one that is dying

    // Stops another CPU running it: it is not runnable afterwards, its registers are saved. A
    // system call that the other CPU had not begun will run when it is made runnable again.
    void stop_elsewhere();

    // The exit status of the last environment that had this id; bad_env if forgotten.
    Result<int> exit_status_of(envid_t id) const;
    WaitQueue& exit_queue() { return exit_queue_; }

    // Blocks the current system call until `queue` is woken or the time is up
    // (kern/env/wait_queue.hh).
    Error wait_on(WaitQueue& queue, uint32_t timeout_ms);
    Error wait(uint32_t timeout_ms);            // for the time alone
    void make_runnable();                       // whatever it waited for
    void system_call_done() { wait_started_ = false; }
    Error continue_later();                     // runs the system call again in its next turn
    bool may_be_woken() const;                  // by time or a device, not by others alone

    // Ends waits whose time is up. Called at each tick.
    static void expire_waits(uint64_t now_us);
    // When it must be called next (time_us); early if that wait has ended for another reason.
    static uint64_t earliest_deadline();

    Trapframe frame{};
    AddressSpace space{};
    uintptr_t pgfault_upcall = 0;
    uint32_t last_link_changes = 0;             // network: what net_receive last told it
    envid_t group = 0;                          // its leader's id; 0: Ctrl-C never ends it
    bool quiet = false;                         // the console does not tell of its start and end;
                                                // the environments that it creates inherit that
    uint32_t progress = 0;                      // of a system call that does its work in turns
    SyscallTrace trace{};
    PhysAddr word{};                            // that it waits on, kern/env/words.hh
    uintptr_t bad_user_va = 0;                  // where UserBytes last found a fault
    uintptr_t cow_fault_va = 0;                 // not 0: a copy-on-write page must become its own
                                                // before this system call can succeed

    // IPC, kern/env/ipc.cc. What it sends while it waits as a sender, what it receives into.
    struct Sending {
        envid_t to = 0;
        uint32_t value = 0;
        PageRun pages{};
        bool then_receive = false;              // ipc_call: the answer comes to `receiving`
        uint32_t perm = 0;                      // further PTE bits the page is mapped with
    };
    struct Receiving {
        envid_t from = 0;                       // 0: anybody
        PageRun window{};
        bool course_call = false;               // ipc_recv: results go to `info()` alone
    };
    Sending sending{};
    Receiving receiving{};
    WaitQueue senders{};
    WaitKind wait_kind = WaitKind::nothing;

    void wait_for_message(const Receiving& what, uint32_t timeout_ms);
    void keep_waiting_for_message();            // for `receiving`, with the deadline that stands
    void wait_as_sender(Environment& receiver, const Sending& what, uint32_t timeout_ms);
    void leave_queue();

    void release_slot();                        // to the end of the list of free ones
    void announce(const char* what);            // "[00001000] what 00001001", if it is not quiet

private:
    friend class WaitQueue;
    friend class Scheduler;

    static void end_unstarted_children(envid_t parent);
    void set_deadline(uint32_t timeout_ms);
    void note_deadline();
    bool expire_wait(uint64_t now_us);
    void stop_waiting();

    Env* info_ = nullptr;
    Allowance* allowance_ = nullptr;
    WaitQueue* queue_ = nullptr;                // that it is linked into
    Environment* next_ = nullptr;
    Environment* previous_ = nullptr;
    Environment* next_free_ = nullptr;
    bool wait_started_ = false;                 // the deadline of this system call stands
    bool has_deadline_ = false;                 // and it waits for it
    uint64_t deadline_us_ = 0;
    WaitQueue exit_queue_{};
    envid_t ended_id_ = 0;
    int ended_status_ = 0;
    uint64_t cpu_cycles_ = 0;
    bool computes_ = false;                     // it kept a CPU for long before its last slice ended
};

void environments_init();                       // after address_spaces_init
PhysAddr environments_window();                 // the Env array, for UENVS
size_t environments_window_bytes();
class BootAllocator;
void environments_allocate(BootAllocator& boot);

// Fails the waits of those who wait on an environment that has ended (kern/env/ipc.cc).
void ipc_peer_ended(Environment& ended, envid_t ended_id);

// Whether an environment of type ns is alive: then the card is for its kind alone.
bool network_server_running();
