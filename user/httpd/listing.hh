// The page that lists a directory. No system calls: tested on the host.
#pragma once
#include <cstdint>
#include <string_view>

#include "lib/text_buffer.hh"

namespace http {

struct ListedFile {
    std::string_view name{};
    bool is_directory = false;
    int64_t size = 0;
    int64_t modified = 0;               // seconds since 1970
};

// A name of 127 bytes can get six times as long as text and three times as a link.
inline constexpr size_t largest_listing_entry = 1536;

// `path`: of the directory, without the slash at its end; of a long one the end is shown. Needs
// largest_listing_head bytes at most.
inline constexpr size_t largest_listing_head = 4096;
void write_listing_head(TextBuffer& page, std::string_view path);
void write_listing_entry(TextBuffer& page, const ListedFile& file);
void write_listing_end(TextBuffer& page, bool is_cut_off);

} // namespace http
