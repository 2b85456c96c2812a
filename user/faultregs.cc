// A page fault must leave every register as it was, and the handler must see what it was.
#include "lib/lib.hh"

// The registers that survive in assembler code around a fault; %esp apart.
struct Registers {
    PushRegs regs;
    uint32_t eflags;
};

static constexpr uintptr_t fault_address = UTEMP;

// Where the fault happens and where execution goes on, and what was in the registers there.
extern "C" {
[[gnu::used]] Registers before, during, after;
extern const char fault_instruction[];
void fault_with_known_registers();
}

// Puts a known value in each register, notes them (before), writes to a page that is not there,
// and notes them again (after). PUSHA and PUSHF store them in the order of Registers.
asm(R"(
.text
.globl fault_with_known_registers, fault_instruction
fault_with_known_registers:
    pusha
    pushfl
    movl $0x1000, %edi
    movl $0x2000, %esi
    movl $0x3000, %ebp
    movl $0x4000, %ebx
    movl $0x5000, %edx
    movl $0x6000, %ecx
    movl $0x7000, %eax
    pushl $0x8D5                        # carry, parity, adjust, zero, sign and overflow set
    popfl
    movl %esp, saved_stack
    movl $before + 36, %esp
    pushfl
    pusha
    movl saved_stack, %esp
fault_instruction:
    movl %eax, 0x400000
    movl $after + 36, %esp
    pushfl
    pusha
    movl saved_stack, %esp
    popfl
    popa
    ret
.lcomm saved_stack, 4
)");

static bool same = true;

static void compare(const char* name, uint32_t a, uint32_t b)
{
    if (a != b) {
        cprintf("%s was %08x, is %08x\n", name, static_cast<unsigned>(a), static_cast<unsigned>(b));
        same = false;
    }
}

static void report(const char* when, const Registers& found)
{
    same = true;
    compare("edi", before.regs.reg_edi, found.regs.reg_edi);
    compare("esi", before.regs.reg_esi, found.regs.reg_esi);
    compare("ebp", before.regs.reg_ebp, found.regs.reg_ebp);
    compare("ebx", before.regs.reg_ebx, found.regs.reg_ebx);
    compare("edx", before.regs.reg_edx, found.regs.reg_edx);
    compare("ecx", before.regs.reg_ecx, found.regs.reg_ecx);
    compare("eax", before.regs.reg_eax, found.regs.reg_eax);
    compare("eflags", before.eflags & 0x8D5, found.eflags & 0x8D5);
    cprintf("Registers %s %s\n", when, same ? "OK" : "MISMATCH");
}

static void handler(UTrapframe* frame)
{
    if (frame->utf_fault_va != fault_address) {
        panic("unexpected fault at 0x%08x, eip 0x%08x", static_cast<unsigned>(frame->utf_fault_va),
              static_cast<unsigned>(frame->utf_eip));
    }
    during = {frame->utf_regs, frame->utf_eflags};
    compare("eip", address_of(fault_instruction), frame->utf_eip);
    report("in UTrapframe", during);
    const int result = sys_page_alloc(0, reinterpret_cast<void*>(fault_address),
                                      PTE_P | PTE_U | PTE_W);
    if (result < 0) {
        panic("sys_page_alloc: %s", error_text(result));
    }
}

void umain(int, char**)
{
    set_pgfault_handler(handler);
    fault_with_known_registers();
    report("after page-fault", after);
}
