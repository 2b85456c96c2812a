#include "user/httpd/directory_list.hh"

#include <algorithm>

#include "inc/mmu.h"
#include "inc/string.hh"
#include "lib/syscall.hh"

namespace http {
namespace {

constexpr size_t max_pages_of_all = 2048;
constinit size_t pages_of_all = 0;

Error error_of(int result) { return static_cast<Error>(-result); }

} // namespace

Result<void> DirectoryList::read(const char* path, uintptr_t region)
{
    close();
    const int directory = open(path, O_RDONLY);
    if (directory < 0) {
        return error_of(directory);
    }
    entries_ = reinterpret_cast<DirectoryEntry*>(region);
    Stat status;
    const int stated = fstat(directory, &status);
    Result<void> result = stated < 0            ? error_of(stated)
                          : status.st_isdir == 0 ? Error::not_directory
                                                 : read_entries(directory);
    ::close(directory);
    if (!result) {
        close();
        return result;
    }
    std::sort(entries_, entries_ + count_, [](const DirectoryEntry& a, const DirectoryEntry& b) {
        return strcmp(a.name, b.name) < 0;
    });
    return {};
}

Result<void> DirectoryList::read_entries(int directory)
{
    for (;;) {
        if (count_ == max_files) {
            is_cut_off_ = true;
            return {};
        }
        if ((count_ + 1) * sizeof(DirectoryEntry) > pages_ * page_size) {
            TRY(grow());
        }
        const int result = readdir(directory, &entries_[count_]);
        if (result < 0) {
            return error_of(result);
        }
        if (result == 0) {
            return {};
        }
        count_++;
    }
}

Result<void> DirectoryList::grow()
{
    const size_t count = std::min<size_t>(16, region_bytes / page_size - pages_);
    if (pages_of_all + count > max_pages_of_all) {
        return Error::no_memory;
    }
    char* const end = reinterpret_cast<char*>(entries_) + pages_ * page_size;
    const int result = sys_page_alloc_run(0, end, static_cast<uint32_t>(count),
                                          PTE_P | PTE_U | PTE_W);
    if (result < 0) {
        return error_of(result);
    }
    pages_ += count;
    pages_of_all += count;
    return {};
}

void DirectoryList::close()
{
    if (pages_ > 0) {
        sys_page_unmap_run(0, entries_, static_cast<uint32_t>(pages_));
        pages_of_all -= pages_;
    }
    entries_ = nullptr;
    count_ = pages_ = 0;
    is_cut_off_ = false;
}

} // namespace http
