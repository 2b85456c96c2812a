// A directory's files in the order of their names, in pages that are there only meanwhile.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "inc/result.hh"
#include "inc/types.hh"
#include "lib/file.hh"

namespace http {

class DirectoryList {
public:
    static constexpr size_t max_files = 4096;
    static constexpr size_t region_bytes = round_up(max_files * sizeof(DirectoryEntry), page_size);

    DirectoryList() = default;
    DirectoryList(const DirectoryList&) = delete;
    DirectoryList& operator=(const DirectoryList&) = delete;
    ~DirectoryList() { close(); }

    // Reads a directory into the region of memory at `region`, where nothing may be mapped.
    // Errors: those of open; not_directory; no_memory, also if all lists together take too much.
    Result<void> read(const char* path, uintptr_t region);
    void close();                       // gives the memory back

    std::span<const DirectoryEntry> files() const { return {entries_, count_}; }
    bool is_cut_off() const { return is_cut_off_; }     // there are more than max_files

private:
    Result<void> read_entries(int directory);
    Result<void> grow();

    DirectoryEntry* entries_ = nullptr;
    size_t count_ = 0;
    size_t pages_ = 0;
    bool is_cut_off_ = false;
};

} // namespace http
