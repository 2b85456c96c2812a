// Attacks the kernel with what a program can pass it: bad pointers, lengths, counts, rights,
// register values and instructions. Each attack has a name; it must be refused, or end the
// environment that tries it, and no page may be lost.
#include "lib/lib.hh"

namespace {

// Pages of known rights, and addresses that are nobody's or not ours.
alignas(PGSIZE) char writable_page[PGSIZE];
alignas(PGSIZE) const char read_only_page[PGSIZE] = {1};
constexpr uintptr_t unmapped = 0x30000000;
constexpr uintptr_t lone_page = 0x40000000;         // mapped, with nothing behind it
constexpr uintptr_t bad_pointers[] = {
    0, 1, PGSIZE - 1, unmapped, lone_page + PGSIZE - 1, UTOP - 1, UTOP, UENVS, UPAGES, UVPT,
    ULIM - 1, ULIM, MMIOBASE, KERNBASE - 1, KERNBASE, KERNBASE + EXTPHYSMEM, 0xFFFFF000,
    0xFFFFFFFC, 0xFFFFFFFF};
constexpr uint32_t bad_lengths[] = {0, max_frame_bytes + 1, PGSIZE, 0x7FFFFFFF, 0x80000000,
                                    0xFFFFFFFF};
constexpr uint32_t bad_counts[] = {0, max_net_batch + 1, 0x1FFFFFFF, 0x20000000, 0x7FFFFFFF,
                                   0xFFFFFFFF};

int attacks, failures;

void note(const char* attack, uint32_t detail, bool refused)
{
    attacks++;
    if (!refused) {
        failures++;
        cprintf("hostile: %s (%08x) was not refused\n", attack, static_cast<unsigned>(detail));
    }
}

void must_fail(const char* attack, uint32_t detail, int result)
{
    note(attack, detail, result < 0);
}

// Runs `attack(detail)` in an environment of its own, which must not live to its end.
void must_end(const char* name, uint32_t detail, void (*attack)(uint32_t))
{
    const envid_t child = fork();
    if (child < 0) {
        panic("fork: %s", error_text(child));
    }
    if (child == 0) {
        attack(detail);
        exit(0);
    }
    note(name, detail, wait(child) != 0);
}

void* pointer(uintptr_t address) { return reinterpret_cast<void*>(address); }

void system_call_numbers()
{
    for (const uint32_t number : {32u, 33u, 1000u, 0x7FFFFFFFu, 0x80000000u, 0xFFFFFFFFu}) {
        must_fail("system call number", number, syscall(static_cast<Syscall>(number)));
    }
}

void pointers()
{
    for (const uintptr_t bad : bad_pointers) {
        const auto detail = static_cast<uint32_t>(bad);
        must_end("cputs from", detail, [](uint32_t at) {
            sys_cputs(static_cast<const char*>(pointer(at)), PGSIZE);
        });
        must_fail("memory_info to", detail, syscall(Syscall::memory_info, detail));
        must_fail("time_usec to", detail, syscall(Syscall::time_usec, detail));
        must_fail("net_info to", detail, syscall(Syscall::net_info, detail));
        must_fail("console_read to", detail, syscall(Syscall::console_read, detail, PGSIZE, 0));
        must_fail("net_transmit from", detail, syscall(Syscall::net_transmit, detail, 64, 0));
        must_fail("net_receive to", detail, syscall(Syscall::net_receive, detail, 64, 0));
        must_fail("env_set_trapframe from", detail,
                  syscall(Syscall::env_set_trapframe, 0, detail));
    }
    const auto code = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(read_only_page));
    must_fail("memory_info to read-only memory", code, syscall(Syscall::memory_info, code));
    must_fail("net_receive to read-only memory", code, syscall(Syscall::net_receive, code, 1, 0));
}

void names()
{
    memset(pointer(lone_page), 'x', PGSIZE);
    for (const uintptr_t bad : {uintptr_t{0}, unmapped, uintptr_t{KERNBASE}, uintptr_t{0xFFFFFFFF},
                                lone_page + PGSIZE - 3}) {
        const auto detail = static_cast<uint32_t>(bad);
        must_fail("env_set_name from", detail, syscall(Syscall::env_set_name, 0, detail));
    }
}

void frames()
{
    NetFrame frame{};
    for (const uint32_t length : bad_lengths) {
        frame = {address_of(writable_page), length};
        must_fail("net_transmit of length", length, sys_net_transmit(&frame, 1, 0));
    }
    for (const uintptr_t bad : bad_pointers) {
        frame = {static_cast<uint32_t>(bad), 60};
        if (bad >= UTOP && bad < ULIM - 60) {
            continue;                   // read-only windows: anybody may read, so send, these
        }
        must_fail("net_transmit of a frame at", frame.address, sys_net_transmit(&frame, 1, 0));
        must_fail("net_receive of a frame to", frame.address, sys_net_receive(&frame, 1, 0));
    }
    for (const uint32_t count : bad_counts) {
        must_fail("net_transmit of a count", count, sys_net_transmit(&frame, count, 0));
        must_fail("net_receive of a count", count, sys_net_receive(&frame, count, 0));
    }
}

void mappings()
{
    constexpr uint32_t rights = PTE_P | PTE_U | PTE_W;
    for (const uintptr_t bad : {uintptr_t{UTOP}, uintptr_t{UPAGES}, uintptr_t{UVPT},
                                uintptr_t{ULIM}, uintptr_t{KERNBASE}, uintptr_t{0xFFFFF000},
                                uintptr_t{unmapped + 1}, uintptr_t{0xFFFFFFFF}}) {
        const auto detail = static_cast<uint32_t>(bad);
        must_fail("page_alloc at", detail, sys_page_alloc(0, pointer(bad), rights));
        must_fail("page_unmap at", detail, sys_page_unmap(0, pointer(bad)));
        must_fail("page_map from", detail,
                  sys_page_map(0, pointer(bad), 0, pointer(unmapped), PTE_P | PTE_U));
        must_fail("page_map to", detail, sys_page_map(0, writable_page, 0, pointer(bad), rights));
    }
    must_fail("page_map of nothing", unmapped,
              sys_page_map(0, pointer(unmapped), 0, pointer(unmapped + PGSIZE), PTE_P | PTE_U));
    must_fail("page_map of read-only memory, writable", 0,
              sys_page_map(0, read_only_page, 0, pointer(unmapped), rights));
    for (const uint32_t bad : {0u, 1u, 4u, 2u, 0x1000u, uint32_t{PTE_PS} | rights,
                               uint32_t{PTE_G} | rights, 0xFFFFFFFFu}) {
        must_fail("page_alloc with rights", bad, sys_page_alloc(0, pointer(unmapped), bad));
    }
    for (const uint32_t count : {0x100000u, 0x7FFFFFFFu, 0xFFFFFFFFu}) {
        must_fail("page_alloc_run of a count", count,
                  sys_page_alloc_run(0, pointer(unmapped), count, rights));
        must_fail("page_unmap_run of a count", count,
                  sys_page_unmap_run(0, pointer(unmapped), count));
    }
}

void environments()
{
    constexpr envid_t strangers[] = {0x1000, -1, 0x7FFFFFFF, 0x1000 + max_envs - 1};
    for (const envid_t other : strangers) {
        if (other == sys_getenvid()) {
            continue;
        }
        const auto detail = static_cast<uint32_t>(other);
        must_fail("env_destroy of", detail, sys_env_destroy(other));
        must_fail("page_alloc in", detail,
                  sys_page_alloc(other, pointer(unmapped), PTE_P | PTE_U | PTE_W));
        must_fail("page_map out of", detail,
                  sys_page_map(other, pointer(UTEXT), 0, pointer(unmapped), PTE_P | PTE_U));
        must_fail("env_set_status of", detail, sys_env_set_status(other, EnvStatus::runnable));
        must_fail("env_set_pgfault_upcall of", detail,
                  sys_env_set_pgfault_upcall(other, pointer(UTEXT)));
    }
    for (const uint32_t status : {0u, 1u, 3u, 5u, 0xFFFFFFFFu}) {
        must_fail("env_set_status to", status, syscall(Syscall::env_set_status, 0, status));
    }
}

void messages()
{
    const envid_t self = sys_getenvid();
    for (const uintptr_t bad : {uintptr_t{UTOP}, uintptr_t{KERNBASE}, uintptr_t{0xFFFFF000},
                                unmapped}) {
        for (const uint32_t count : {1u, PageRun::max_pages}) {
            const PageRun run = PageRun::at(bad, count);
            must_fail("ipc_send of", run.bits, sys_ipc_send(self, 0, run, 0));
            must_fail("ipc_call of", run.bits, sys_ipc_call(self, 0, run, {}, 0).from);
        }
        if (bad != unmapped) {
            const PageRun window = PageRun::at(bad, 1);
            must_fail("ipc_wait with a window at", window.bits, sys_ipc_wait(0, window, 0).from);
        }
    }
    must_fail("ipc_send of read-only memory, writable", 0,
              sys_ipc_send(self, 0, PageRun::at(address_of(read_only_page), 1), 0));
    for (const envid_t nobody : {-1, 0x7FFFFFFF, 0x1000 + max_envs - 1}) {
        must_fail("ipc_send to", static_cast<uint32_t>(nobody),
                  sys_ipc_send(nobody, 0, {}, wait_forever));
        must_fail("env_wait for", static_cast<uint32_t>(nobody), sys_env_wait(nobody, 0));
    }
}

void touch(uint32_t address) { *reinterpret_cast<volatile char*>(address) = 1; }
void peek(uint32_t address) { static_cast<void>(*reinterpret_cast<volatile char*>(address)); }
void jump(uint32_t address) { reinterpret_cast<void (*)()>(address)(); }

void memory_and_instructions()
{
    for (const uint32_t address : {0u, UTOP, UENVS, UPAGES, UVPT, ULIM, MMIOBASE, KERNBASE,
                                   KERNBASE + EXTPHYSMEM, 0xFFFFFFFFu}) {
        must_end("write to", address, touch);
    }
    for (const uint32_t address : {0u, ULIM, MMIOBASE, KERNBASE, 0xFFFFFFFFu}) {
        must_end("read from", address, peek);
        must_end("jump to", address, jump);
    }
    must_end("cli", 0, [](uint32_t) { asm volatile("cli"); });
    must_end("hlt", 0, [](uint32_t) { asm volatile("hlt"); });
    must_end("out", 0x70, [](uint32_t port) {
        asm volatile("outb %%al, %%dx" : : "a"(0), "d"(port));
    });
    must_end("load of cr3", 0, [](uint32_t value) { asm volatile("mov %0, %%cr3" : : "r"(value)); });
    must_end("lidt", 0, [](uint32_t) { asm volatile("lidt (%0)" : : "r"(writable_page)); });
    must_end("int", 14, [](uint32_t) { asm volatile("int $14"); });
    must_end("int", 32, [](uint32_t) { asm volatile("int $32"); });
    must_end("kernel's data segment", GD_KD, [](uint32_t segment) {
        asm volatile("movw %w0, %%ds" : : "r"(segment));
    });
    must_end("kernel's code segment", GD_KT, [](uint32_t) {
        asm volatile("ljmp %0, $0" : : "i"(GD_KT));
    });
    must_end("a stack in the kernel", KERNBASE + 0x1000, [](uint32_t stack) {
        asm volatile("mov %0, %%esp; push $0" : : "r"(stack));
    });
    must_end("single steps into a system call", 0, [](uint32_t) {
        asm volatile("pushf; orl $0x100, (%%esp); popf; mov $2, %%eax; int $0x30"
                     : : : "eax", "memory");
        exit(1);
    });
}

void recurse(uint32_t depth)
{
    volatile char room[1024];
    room[0] = static_cast<char>(depth);
    if (depth != 0xFFFFFFFF) {
        recurse(depth + 1);
    }
    room[1] = room[0];
}

void faults_in_handlers()
{
    must_end("endless recursion", 0, recurse);
    for (const uint32_t upcall : {0x1u, UTOP, KERNBASE, 0xFFFFFFFFu}) {
        must_end("page-fault upcall at", upcall, [](uint32_t at) {
            sys_page_alloc(0, pointer(UXSTACKTOP - PGSIZE), PTE_P | PTE_U | PTE_W);
            sys_env_set_pgfault_upcall(0, pointer(at));
            touch(0);
        });
    }
    must_end("page-fault upcall without its stack", 0, [](uint32_t) {
        sys_page_unmap(0, pointer(UXSTACKTOP - PGSIZE));
        sys_env_set_pgfault_upcall(0, pointer(UTEXT));
        touch(0);
    });
    must_end("fault with the stack pointer at", 0, [](uint32_t) {
        asm volatile("mov $4, %%esp; movb $1, 0" : : : "memory");
    });
}

// An environment that gets `frame` must not gain privileges by it.
void try_frame(const char* name, const Trapframe& wanted)
{
    const envid_t child = sys_exofork();
    if (child < 0) {
        panic("sys_exofork: %s", error_text(child));
    }
    if (child == 0) {
        exit(0);
    }
    const bool set = sys_env_set_trapframe(child, &wanted) >= 0;
    if (set) {
        sys_env_set_status(child, EnvStatus::runnable);
        note(name, wanted.tf_eflags, wait(child) != 0);
    } else {
        note(name, wanted.tf_eflags, true);
        sys_env_destroy(child);
    }
}

void register_values()
{
    Trapframe frame{};
    frame.tf_eip = KERNBASE;
    frame.tf_esp = USTACKTOP;
    frame.tf_cs = GD_KT;
    frame.tf_ds = frame.tf_es = frame.tf_ss = GD_KD;
    frame.tf_eflags = FL_IOPL_3;
    try_frame("registers of the kernel", frame);
    frame.tf_cs = GD_UT | 3;
    frame.tf_ds = frame.tf_es = frame.tf_ss = GD_UD | 3;
    frame.tf_eflags = FL_NT | FL_TF | FL_IOPL_3;
    try_frame("flags of a nested task", frame);
    frame.tf_ds = 0xFFFFFFFF;
    frame.tf_ss = 0xFFF0;
    try_frame("segments that are none", frame);
}

void run_all()
{
    system_call_numbers();
    pointers();
    names();
    frames();
    mappings();
    environments();
    messages();
    memory_and_instructions();
    faults_in_handlers();
    register_values();
}

uint32_t free_pages()
{
    MemoryInfo info;
    sys_memory_info(&info);
    return info.free_pages;
}

} // namespace

void umain(int, char**)
{
    if (const int result = sys_page_alloc(0, pointer(lone_page), PTE_P | PTE_U | PTE_W);
        result < 0) {
        panic("sys_page_alloc: %s", error_text(result));
    }
    writable_page[0] = 1;
    run_all();                          // page tables that the attacks need are there afterwards
    const uint32_t before = free_pages();
    run_all();
    const uint32_t after = free_pages();
    if (after < before) {
        failures++;
        cprintf("hostile: %u pages are lost\n", before - after);
    }
    cprintf("hostile: %d attacks\n", attacks);
    if (failures == 0) {
        cprintf("hostile: all attacks were refused\n");
    } else {
        cprintf("hostile: %d were not refused\n", failures);
    }
}
