// What a program can do without a system call: memory that is not its own, instructions that are
// not for it, and faults where they hurt most. Each must end the environment that tries it.
#include "user/guesttest/hostile.hh"

namespace {

void touch(uint32_t address) { *reinterpret_cast<volatile char*>(address) = 1; }
void peek(uint32_t address) { static_cast<void>(*reinterpret_cast<volatile char*>(address)); }
void jump(uint32_t address) { reinterpret_cast<void (*)()>(address)(); }

void memory_of_others()
{
    for (const uint32_t address : {0u, UTOP, UENVS, UCLOCK, UPAGES, UVPT, ULIM, MMIOBASE, KERNBASE,
                                   KERNBASE + EXTPHYSMEM, 0xFFFFFFFFu}) {
        must_end("write to", address, touch);
    }
    for (const uint32_t address : {0u, ULIM, MMIOBASE, KERNBASE, 0xFFFFFFFFu}) {
        must_end("read from", address, peek);
        must_end("jump to", address, jump);
    }
}

void privileged_instructions()
{
    must_end("cli", 0, [](uint32_t) { asm volatile("cli"); });
    must_end("hlt", 0, [](uint32_t) { asm volatile("hlt"); });
    must_end("out", 0x70, [](uint32_t port) {
        asm volatile("outb %%al, %%dx" : : "a"(0), "d"(port));
    });
    must_end("load of cr3", 0, [](uint32_t value) {
        asm volatile("mov %0, %%cr3" : : "r"(value));
    });
    static char frame_bytes[8];
    must_end("lidt", 0, [](uint32_t) { asm volatile("lidt (%0)" : : "r"(frame_bytes)); });
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
    must_end("single steps into a system call, by SYSENTER", 0, [](uint32_t) {
        asm volatile("pushf; orl $0x100, (%%esp); popf; mov $2, %%eax; call system_call"
                     : : : "eax", "memory");
        exit(1);
    });
    must_end("SYSENTER that goes on in the kernel", KERNBASE, [](uint32_t place) {
        asm volatile("mov %%esp, %%ebp; sysenter" : : "a"(place | 2) : "memory");
    });
    must_end("SYSENTER with a stack in the kernel", KERNBASE, [](uint32_t stack) {
        asm volatile("mov %0, %%ebp; mov $2, %%eax; orl $system_call + 12, %%eax; sysenter"
                     : : "r"(stack) : "eax", "memory");
    });
    must_end("single steps into a system call", 0, [](uint32_t) {
        asm volatile("pushf; orl $0x100, (%%esp); popf; mov $2, %%eax; int $0x30"
                     : : : "eax", "memory");
        exit(1);
    });
}

// Flags that SYSENTER takes into the kernel: they must change nothing there.
void flags_in_system_calls()
{
    constexpr uint32_t direction = 0x400, alignment_check = 0x40000;
    for (const uint32_t flags : {uint32_t{FL_NT}, direction, alignment_check}) {
        int result = 0;
        asm volatile("pushf; orl %2, (%%esp); popf; call system_call; pushl $0; popf"
                     : "=a"(result) : "0"(Syscall::getenvid), "r"(flags) : "cc", "memory");
        check_equal(result, sys_getenvid(), "a system call's result");
    }
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

void faults_in_fault_handlers()
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
    check_result(child, "exofork");
    if (child == 0) {
        exit(0);
    }
    if (sys_env_set_trapframe(child, &wanted) < 0) {
        sys_env_destroy(child);
        return;
    }
    sys_env_set_status(child, EnvStatus::runnable);
    if (wait_for(child) == 0) {
        fail("%s (flags %08x) did not end it", name, static_cast<unsigned>(wanted.tf_eflags));
    }
}

void registers_of_the_kernel()
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

} // namespace

static constexpr Test tests[] = {
    {"hostile: memory of others", memory_of_others},
    {"hostile: privileged instructions", privileged_instructions},
    {"hostile: flags in system calls", flags_in_system_calls},
    {"hostile: faults in fault handlers", faults_in_fault_handlers},
    {"hostile: registers of the kernel", registers_of_the_kernel},
};
const std::span<const Test> hostile_code_tests = tests;
