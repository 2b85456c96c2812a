#include "kern/cpu/paging.hh"

uint32_t loaded_directory()
{
    uint32_t value;
    asm volatile("movl %%cr3, %0" : "=r"(value));
    return value;
}

void load_directory(uint32_t physical_address)
{
    asm volatile("movl %0, %%cr3" : : "r"(physical_address) : "memory");
}

void invalidate_page(uintptr_t va) { asm volatile("invlpg (%0)" : : "r"(va) : "memory"); }
