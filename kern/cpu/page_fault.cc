#include "kern/cpu/page_fault.hh"

#include "kern/env/environment.hh"
#include "kern/memory/user_memory.hh"
#include "kern/syscall/dispatch.hh"

namespace {

// A fault inside the upcall continues below the frame in use, leaving the word where the upcall
// puts the return address (lib/pgfault_entry.S).
uint32_t frame_address(const Trapframe& frame)
{
    const bool nested = frame.tf_esp > USTACKTOP && frame.tf_esp < UXSTACKTOP;
    const uint32_t top = nested ? frame.tf_esp - sizeof(uint32_t) : UXSTACKTOP;
    return top - sizeof(UTrapframe);
}

}   // namespace

bool page_fault_upcall(Environment& environment, uint32_t fault_va, uint32_t error_code)
{
    if (environment.pgfault_upcall == 0) {
        return false;
    }
    Trapframe& frame = environment.frame;
    UTrapframe described;
    described.utf_fault_va = fault_va;
    described.utf_err = error_code;
    described.utf_regs = frame.tf_regs;
    described.utf_eip = frame.tf_eip;
    described.utf_eflags = frame.tf_eflags;
    described.utf_esp = frame.tf_esp;

    const uint32_t address = frame_address(frame);
    if (environment.pgfault_upcall >= UTOP) {
        refuse_access(environment, environment.pgfault_upcall);
        return true;
    }
    if (address < UXSTACKTOP - page_size
        || !UserObject<UTrapframe>(environment, address).write(described)) {
        refuse_access(environment, address);
        return true;
    }
    frame.tf_esp = address;
    frame.tf_eip = static_cast<uint32_t>(environment.pgfault_upcall);
    return true;
}
