// Tells where the machine's memory is: what is free, the kernel's part, and what each environment
// has mapped. A page that several have mapped counts for each of them.
#include "lib/lib.hh"

static unsigned kibibytes(uint32_t count) { return count * static_cast<unsigned>(page_size / 1024); }

void umain(int, char**)
{
    MemoryInfo memory;
    if (const int result = sys_memory_info(&memory); result < 0) {
        panic("sys_memory_info: %s", error_text(result));
    }
    printf("%u KiB: %u in use, %u free; the kernel has %u more\n", kibibytes(memory.total_pages),
           kibibytes(memory.total_pages - memory.free_pages), kibibytes(memory.free_pages),
           kibibytes(memory.kernel_pages));
    printf("%-8s  %8s %8s  %s\n", "ID", "PAGES", "KiB", "NAME");
    for (const volatile Env& entry : envs) {
        if (entry.env_status != EnvStatus::free) {
            printf("%08x  %8u %8u  %.*s\n", static_cast<unsigned>(entry.env_id),
                   static_cast<unsigned>(entry.env_pages), kibibytes(entry.env_pages),
                   static_cast<int>(sizeof entry.env_name),
                   const_cast<const char*>(entry.env_name));
        }
    }
}
