// HTTP responses: status lines, header fields, and the pages that we write ourselves. No system
// calls: tested on the host.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace http {

struct ResponseHead {
    int status = 200;
    const char* content_type = "text/html; charset=utf-8";
    uint64_t content_length = 0;
    bool keep_alive = false;
};

// The text that goes with a status code: "Not Found".
const char* reason(int status);

// Writes the head with its final empty line; returns its length, 0 if `buffer` is too small.
size_t write_head(const ResponseHead& head, std::span<char> buffer);

// Writes the page that explains an error; returns its length, cut to the buffer.
size_t write_error_page(int status, std::span<char> buffer);

// What "/" shows. The course fixes its status to 404; its body is a page that helps.
extern const std::string_view root_page;

} // namespace http
