// Tells how much of the machine's memory is in use.
#include "lib/lib.hh"

void umain(int, char**)
{
    MemoryInfo memory;
    if (const int result = sys_memory_info(&memory); result < 0) {
        panic("sys_memory_info: %s", error_text(result));
    }
    printf("pages: %u total, %u in use, %u free\n", memory.total_pages,
           memory.total_pages - memory.free_pages, memory.free_pages);
}
