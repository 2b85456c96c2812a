// What ends a program, and with which status; and page-fault handlers.
#include "user/guesttest/test.hh"

extern "C" void (*pgfault_handler)(UTrapframe* frame);  // lib/pgfault.cc

namespace {

constexpr int page_fault = fault_status + T_PGFLT;
constexpr int protection_fault = fault_status + T_GPFLT;

// Through a volatile, so that GCC does not know the address.
volatile char* bytes(uintptr_t address)
{
    volatile uintptr_t hidden = address;
    return reinterpret_cast<volatile char*>(hidden);
}

// Ends without a handler of ours, whatever fork left.
void without_handler() { sys_env_set_pgfault_upcall(0, nullptr); }

void reads_are_checked()
{
    for (const uintptr_t address :
         {0u, 1u, 0x10000000u, static_cast<unsigned>(ULIM), KERNBASE, KERNBASE + 0x100000,
          static_cast<unsigned>(MMIOBASE), 0xFFFFFFFFu}) {
        const int status = status_of([address] {
            without_handler();
            static_cast<void>(*bytes(address));
        });
        check_equal(status, page_fault, "status after a read of what is not the program's");
    }
}

void writes_are_checked()
{
    for (const uintptr_t address : {0u, static_cast<unsigned>(UTEXT), static_cast<unsigned>(UENVS),
                                    static_cast<unsigned>(UPAGES), static_cast<unsigned>(UVPT),
                                    KERNBASE, static_cast<unsigned>(USTACKTOP)}) {
        const int status = status_of([address] {
            without_handler();
            *bytes(address) = 1;
        });
        check_equal(status, page_fault, "status after a write to what is not the program's");
    }
}

void jumps_are_checked()
{
    for (const uintptr_t address : {0u, 0x10000000u, KERNBASE + 0x100000}) {
        const int status = status_of([address] {
            without_handler();
            reinterpret_cast<void (*)()>(address)();
        });
        check_equal(status, page_fault, "status after a jump out of the program");
    }
}

void use_up_the_stack()
{
    asm volatile("1: pushl $0; jmp 1b" ::: "memory");
}

void stack_overflow_ends()
{
    const int status = status_of([] {
        without_handler();
        use_up_the_stack();
    });
    check_equal(status, page_fault, "status after a stack overflow");
}

void privileged_instructions_end()
{
    check_equal(status_of([] { asm volatile("cli"); }), protection_fault, "status after cli");
    check_equal(status_of([] { asm volatile("hlt"); }), protection_fault, "status after hlt");
    check_equal(status_of([] { asm volatile("outb %b0, $0x64" ::"a"(0xFE)); }), protection_fault,
                "status after an out");
    check_equal(status_of([] { asm volatile("inb $0x60, %%al" ::: "eax"); }), protection_fault,
                "status after an in");
    check_equal(status_of([] { asm volatile("mov %%cr3, %%eax" ::: "eax"); }), protection_fault,
                "status after a read of cr3");
    check_equal(status_of([] { asm volatile("lidt 0"); }), protection_fault, "status after lidt");
    check_equal(status_of([] { asm volatile("int $14"); }), protection_fault, "status after int 14");
    check_equal(status_of([] { asm volatile("int $0x20"); }), protection_fault,
                "status after int 0x20");
    check_equal(status_of([] { asm volatile("movw %w0, %%ds" ::"a"(GD_KD)); }), protection_fault,
                "status after a load of the kernel's data segment");
    check_equal(status_of([] { asm volatile("ud2"); }), fault_status + T_ILLOP, "status after ud2");
    check_equal(status_of([] {
                    asm volatile("divl %0" ::"r"(0), "a"(1), "d"(0));
                }),
                fault_status + T_DIVIDE, "status after a division by zero");
}

void disable_interrupts()
{
    asm volatile("cli");
    exit(0);
}

void flags_cannot_be_raised()
{
    check_equal(status_of([] {
                    asm volatile("pushfl; orl $0x3000, (%%esp); popfl" ::: "cc", "memory");
                    asm volatile("inb $0x60, %%al" ::: "eax");
                }),
                protection_fault, "status after raising IOPL and an in");
    const int status = status_of([] {
        check_result(sys_page_alloc(0, scratch_page(), page_rights), "page_alloc");
        Trapframe frame;
        frame.tf_cs = GD_KT;
        frame.tf_ds = frame.tf_es = frame.tf_ss = GD_KD;
        frame.tf_eflags = FL_IOPL_3;
        frame.tf_eip = address_of(reinterpret_cast<void*>(disable_interrupts));
        frame.tf_esp = address_of(scratch_page(1)) - 16;
        sys_env_set_trapframe(0, &frame);
    });
    check_equal(status, protection_fault, "status after taking the kernel's segments, and cli");
}

int handled = 0;
void (*copy_on_write)(UTrapframe* frame) = nullptr;     // fork's handler

void handle_by_mapping(UTrapframe* frame)
{
    if ((page_table_entry(frame->utf_fault_va) & PTE_COW) != 0) {
        copy_on_write(frame);
        return;
    }
    handled++;
    auto* page = pointer(round_down(frame->utf_fault_va, page_size));
    check_result(sys_page_alloc(0, page, page_rights), "page_alloc in a fault handler");
}

void handlers_repair_faults()
{
    copy_on_write = pgfault_handler;
    set_pgfault_handler(handle_by_mapping);
    for (unsigned i = 0; i < 20; i++) {
        *scratch_page<volatile unsigned>(i) = i;
    }
    for (unsigned i = 0; i < 20; i++) {
        check(*scratch_page<volatile unsigned>(i) == i, "what a repaired write wrote");
    }
    check_equal(handled, 20, "faults handled");
}

void system_calls_do_not_upcall_for_others()
{
    copy_on_write = pgfault_handler;
    set_pgfault_handler(handle_by_mapping);
    check_error(sys_memory_info(scratch_page<MemoryInfo>(3)), Error::fault,
                "a system call with a page that is not there");
}

void bad_upcalls_end()
{
    for (const uintptr_t upcall : {0u, 1u, 0x10000000u, KERNBASE + 0x100000, 0xFFFFFFFFu}) {
        const int status = status_of([upcall] {
            sys_env_set_pgfault_upcall(0, pointer(upcall));
            *bytes(0) = 1;
        });
        check(status >= fault_status, "a program with a bad upcall went on");
    }
    check(status_of([] {
              sys_page_unmap(0, pointer(UXSTACKTOP - page_size));
              *bytes(0) = 1;
          }) >= fault_status,
          "a program without exception stack went on");
    check(status_of([] {
              check_result(sys_page_map(0, pointer(UXSTACKTOP - page_size), 0,
                                        pointer(UXSTACKTOP - page_size), PTE_P | PTE_U),
                           "page_map");
              *bytes(0) = 1;
          }) >= fault_status,
          "a program with a read-only exception stack went on");
}

void fault_again(UTrapframe*) { *bytes(8) = 1; }

void endless_upcalls_end()
{
    const int status = status_of([] {
        set_pgfault_handler(fault_again);
        *bytes(4) = 1;
    });
    check(status >= fault_status, "a handler that faults for ever went on");
}

} // namespace

static constexpr Test tests[] = {
    {"faults: reads are checked", reads_are_checked},
    {"faults: writes are checked", writes_are_checked},
    {"faults: jumps are checked", jumps_are_checked},
    {"faults: a stack overflow ends the program", stack_overflow_ends},
    {"faults: privileged instructions end the program", privileged_instructions_end},
    {"faults: privilege cannot be raised", flags_cannot_be_raised},
    {"faults: handlers repair them", handlers_repair_faults},
    {"faults: bad pointers in system calls are errors", system_calls_do_not_upcall_for_others},
    {"faults: bad upcalls end the program", bad_upcalls_end},
    {"faults: endless upcalls end the program", endless_upcalls_end},
};
const std::span<const Test> fault_tests = tests;
