// The file server: brings up the disk, checks what is on it, and answers requests for ever.
#include <algorithm>

#include "fs/block_cache.hh"
#include "fs/file_system.hh"
#include "fs/ide_disk.hh"
#include "fs/open_files.hh"
#include "fs/requests.hh"
#include "fs/self_test.hh"
#include "fs/wall_clock.hh"
#include "inc/mmu.h"
#include "inc/stdio.hh"
#include "lib/program.hh"
#include "lib/syscall.hh"

using namespace fs;

namespace {

constexpr uintptr_t disk_map = 0x10000000;              // block n is at disk_map + n * 4096
constexpr uintptr_t cache_tables = 0xDC000000, journal_tables = 0xDD000000;
constexpr uint32_t tick_ms = 1000;
constexpr uint32_t write_back_ms = 3000;                // how long a change may wait at most

// The cache's blocks in this environment's address space.
class MappedMemory final : public CacheMemory {
public:
    std::byte* address(uint32_t block) const override
    {
        return reinterpret_cast<std::byte*>(disk_map + uintptr_t{block} * block_size);
    }
    Result<void> obtain(uint32_t first, uint32_t count) override
    {
        if (sys_page_alloc_run(0, address(first), count, PTE_P | PTE_U | PTE_W) < 0) {
            return Error::no_memory;
        }
        return {};
    }
    void release(uint32_t first, uint32_t count) override
    {
        sys_page_unmap_run(0, address(first), count);
    }
    bool is_shared(uint32_t block) const override
    {
        return page_references(reinterpret_cast<uintptr_t>(address(block))) > 1;
    }
};

constinit IdeDisk disk;
constinit MappedMemory memory;
constinit BlockCache cache;
constinit FileSystem files(cache);
constinit OpenFiles open_files(files);
constinit Requests requests(cache, memory, files, open_files);

// A quarter of the machine's memory, no more than the disk has blocks.
uint32_t choose_cache_size()
{
    MemoryInfo info;
    sys_memory_info(&info);
    const uint32_t wanted = std::min(info.total_pages / 4, disk.block_count());
    return std::max(wanted, BlockCache::min_slots);
}

Result<void> open_cache()
{
    const uint32_t count = choose_cache_size();
    const size_t bytes = count * (sizeof(BlockCache::Slot) + 2 * sizeof(uint32_t));
    auto* tables = reinterpret_cast<std::byte*>(cache_tables);
    if (sys_page_alloc_run(0, tables, pages_for(bytes), PTE_P | PTE_U | PTE_W) < 0) {
        return Error::no_memory;
    }
    auto* slots = reinterpret_cast<BlockCache::Slot*>(tables);
    auto* buckets = reinterpret_cast<uint32_t*>(slots + count);
    cache.open(disk, memory, {slots, count}, {buckets, count}, {buckets + count, count});
    return {};
}

// Completes the changes that the last run left under way, and has ours go through the journal.
Result<void> open_journal()
{
    const uint32_t count = files.block_count();
    const uint32_t completed = TRY(replay_journal(cache, count));
    if (completed > 0) {
        cprintf("fs: the journal completed changes that were under way (%u blocks)\n", completed);
    }
    const size_t buffer = journal_blocks_for(count) * block_size;
    const size_t words = (count + 31) / 32;
    auto* tables = reinterpret_cast<std::byte*>(journal_tables);
    if (sys_page_alloc_run(0, tables, pages_for(buffer + words * sizeof(uint32_t)),
                           PTE_P | PTE_U | PTE_W) < 0) {
        return Error::no_memory;
    }
    auto* waiting = reinterpret_cast<uint32_t*>(tables + buffer);
    cache.use_journal(count, {tables, buffer}, {waiting, words});
    return files.check_superblock();    // the root may have been among them
}

// Reads a block, writes it back as it is and reads it again: memory, disk and the way between
// them must agree.
Result<void> check_cache()
{
    constexpr uint32_t number = superblock_number;
    uint32_t sum = 0;
    const auto add_up = [&]() -> Result<uint32_t> {
        const Block block = TRY(cache.read(number));
        uint32_t total = 0;
        for (uint32_t i = 0; i < numbers_per_block; i++) {
            total = total * 31 + block.item<uint32_t>(i);
        }
        return total;
    };
    sum = TRY(add_up());
    TRY(cache.read(number)).change();
    TRY(cache.flush());
    if (cache.changed_blocks() != 0 || !cache.drop(number) || cache.is_resident(number)
        || TRY(add_up()) != sum) {
        return Error::io;
    }
    return {};
}

bool can_do_io()
{
    uint32_t flags = 0;
    asm volatile("pushfl; popl %0" : "=r"(flags));
    return (flags & FL_IOPL_3) == FL_IOPL_3;
}

// Does a step of the start and says how it went.
template <typename Step> Result<void> report(const char* success, const char* failure, Step step)
{
    const Result<void> result = step();
    if (result) {
        cprintf("%s\n", success);
    } else {
        cprintf("fs: %s: %s\n", failure, error_text(to_abi(result.error())));
    }
    return result;
}

Result<void> start()
{
    cprintf("FS is running\n");
    if (!can_do_io()) {
        cprintf("fs: no access to I/O ports: start me as the file server (EnvType::fs)\n");
        return Error::not_permitted;
    }
    cprintf("FS can do I/O\n");
    if (const auto attached = disk.attach(); !attached) {
        cprintf("fs: no disk at the second place of the first IDE channel: give QEMU "
                "-drive file=obj/fs/fs.img,index=1,media=disk,format=raw\n");
        return attached;
    }
    cprintf("fs: a disk of %u MiB, %s\n", disk.block_count() / (1024 * 1024 / block_size),
            disk.uses_dma() ? "bus-master DMA" : "programmed I/O: no bus master that can be used");
    if (disk.block_count() <= superblock_number) {
        cprintf("fs: the disk is too small for a file system; is it the right image?\n");
        return Error::no_device;
    }
    TRY(report("block cache is good", "block cache", [] -> Result<void> {
        TRY(open_cache());
        return check_cache();
    }));
    TRY(report("superblock is good", "the disk holds no file system of ours; make one with "
               "obj/fs/fsformat", [] { return files.check_superblock(); }));
    if (const auto opened = open_journal(); !opened) {
        cprintf("fs: the journal: %s\n", error_text(to_abi(opened.error())));
        return opened;
    }
    TRY(report("bitmap is good", "bitmap of free blocks; repair the image or make a new one",
               [] { return files.check_bitmap(); }));
#ifdef FS_SELF_TEST
    return run_self_test(files, cache);
#else
    return {};
#endif
}

// Time for the files, and changes that have waited long enough onto the disk.
class Housekeeping {
public:
    Housekeeping() : boot_seconds_(read_wall_clock() - sys_time_msec() / 1000) {}

    void run()
    {
        const uint32_t now = sys_time_msec();
        files.set_time(boot_seconds_ + now / 1000);
        if (cache.changed_blocks() == 0) {
            last_clean_ms_ = now;
        } else if (now - last_clean_ms_ > write_back_ms) {
            last_clean_ms_ = now;
            if (const auto flushed = cache.flush(); !flushed) {
                cprintf("fs: cannot write to the disk: %s; %u blocks wait\n",
                        error_text(to_abi(flushed.error())), cache.changed_blocks());
            }
        }
    }

    // How long the server may sleep.
    uint32_t next_ms() const
    {
        return cache.changed_blocks() > 0 || open_files.count() > 0 ? tick_ms : wait_forever;
    }

private:
    int64_t boot_seconds_;
    uint32_t last_clean_ms_ = 0;
};

[[noreturn]] void serve()
{
    open_files.stir();
    Housekeeping housekeeping;
    const PageRun window = PageRun::at(request_window, max_request_pages);
    envid_t client = 0;
    Answer answer;
    for (;;) {
        const IpcMessage message =
            ipc_reply_wait(client, static_cast<uint32_t>(answer.value), answer.pages, window,
                           housekeeping.next_ms());
        housekeeping.run();
        client = 0;
        answer = {};
        if (message.from <= 0) {
            open_files.close_unused(true);      // the time is up
            continue;
        }
        client = message.from;
        answer = requests.handle(message);
        if (message.pages.count() > 0) {
            sys_page_unmap_run(0, reinterpret_cast<void*>(request_window), message.pages.count());
        }
    }
}

// Without a file system every request gets the reason.
[[noreturn]] void refuse(Error reason)
{
    envid_t client = 0;
    for (;;) {
        client = std::max(0, ipc_reply_wait(client, static_cast<uint32_t>(to_abi(reason))).from);
    }
}

}  // namespace

void umain(int, char**)
{
    binaryname = "fs";
    if (const auto started = start(); !started) {
        refuse(started.error());
    }
    serve();
}
