#include "kern/cpu/paging.hh"

#include "kern/cpu/apic.hh"
#include "kern/cpu/smp.hh"
#include "kern/debug/counters.hh"

uint32_t loaded_directory() { return this_cpu().directory; }

bool has_stale_pages() { return this_cpu().has_stale_pages; }

void load_directory(uint32_t physical_address)
{
    count(Counter::address_spaces);
    this_cpu().has_stale_pages = false;
    asm volatile("movl %0, %%cr3" : : "r"(physical_address) : "memory");
    this_cpu().directory.store(physical_address, std::memory_order_release);
}

// Another CPU that is in the kernel loads its directory again before it goes back to user mode
// (AddressSpace::load), so it is enough that it is in the kernel.
void invalidate_page(uint32_t directory, uintptr_t va)
{
    for (Cpu& cpu : all_cpus()) {
        if (cpu.directory != directory) {
            continue;
        }
        if (&cpu == &this_cpu()) {
            asm volatile("invlpg (%0)" : : "r"(va) : "memory");
        } else {
            cpu.has_stale_pages = true;
            smp_pull_into_kernel(cpu);
        }
    }
}

void leave_directory_elsewhere(uint32_t directory)
{
    for (Cpu& cpu : all_cpus()) {
        if (&cpu != &this_cpu() && cpu.directory == directory) {
            cpu.must_leave_space = true;
            apic::wake(cpu.apic_id);
            while (cpu.directory == directory) {
                __builtin_ia32_pause();
            }
        }
    }
}
