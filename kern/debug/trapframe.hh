// What a trap looked like, in words.
#pragma once
#include <cstdint>

struct Trapframe;

const char* trap_name(uint32_t number);

// Prints all registers in one piece. A page fault's address is read from cr2: print the frame
// before anything else can fault.
void print_trapframe(const Trapframe& frame);
