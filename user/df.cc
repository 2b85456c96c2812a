// Shows how much room there is on the disk.
#include "lib/lib.hh"
#include "lib/tool.hh"

void umain(int, char**)
{
    FileSystemInfo info;
    if (const int result = file_system_info(&info); result < 0) {
        complain("cannot ask the file server", result);
        exit(1);
    }
    constexpr uint32_t block_kib = 4;
    const uint32_t used = info.block_count - info.free_blocks;
    printf("%10s %10s %10s %5s %14s\n", "KiB", "used", "free", "use", "in memory");
    printf("%10u %10u %10u %4u%% %14u\n", info.block_count * block_kib, used * block_kib,
           info.free_blocks * block_kib,
           static_cast<uint32_t>(uint64_t{used} * 100 / info.block_count),
           info.cached_blocks * block_kib);
}
