// HTTP responses: status lines, header fields, and the pages that we write ourselves. No system
// calls: tested on the host.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "user/httpd/range.hh"

namespace http {

// How a client finds the end of the body.
enum class Framing { length, chunked, close, no_body };

struct ResponseHead {
    int status = 200;
    const char* content_type = "text/html; charset=utf-8";
    Framing framing = Framing::length;
    uint64_t content_length = 0;
    bool keep_alive = false;
    int64_t date = 0;                           // seconds since 1970; 0: not known
    int64_t modified = 0;                       // the same, of the file
    std::string_view etag{};
    bool is_file = false;                       // ranges of it may be asked for
    const Range* range = nullptr;               // 206: what part of the file this is
    uint64_t file_size = 0;                     // 206, 416: of the whole file
    std::string_view boundary{};                // 206 with several parts, instead of `range`
    std::string_view location{};                // 301: where it is, not encoded; a '/' follows
};

// The text that goes with a status code: "Not Found".
const char* reason(int status);

// Writes the head with its final empty line; returns its length, 0 if `buffer` is too small.
size_t write_head(const ResponseHead& head, std::span<char> buffer);

// Writes what goes before a part of a multipart/byteranges body; returns its length. The body ends
// with the part without a range.
size_t write_part_head(std::string_view boundary, const char* content_type, const Range* range,
                       uint64_t file_size, std::span<char> buffer);

// Writes the page that explains an error; returns its length, cut to the buffer.
size_t write_error_page(int status, std::span<char> buffer);

// What "/" shows. The course fixes its status to 404; its body is a page that helps.
extern const std::string_view root_page;

} // namespace http
