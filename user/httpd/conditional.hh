// Conditional requests (RFC 9110, 13): what a client knows already need not be sent again. No
// system calls: tested on the host.
#pragma once
#include <cstdint>
#include <string_view>

#include "user/httpd/request.hh"

namespace http {

// What tells one state of a file from another.
struct Validators {
    std::string_view etag{};            // with its quotes; begins with W/ if it is weak
    int64_t modified = 0;               // seconds since 1970; 0: not known
    int64_t now = 0;
};

// The status of the answer to a GET or HEAD: 200 if the file is to be sent, 304 if the client has
// it, 412 if the client wants another.
int evaluate_conditions(const Request& request, const Validators& file);

// Whether a Range field counts: without If-Range, or if that names this very state of the file.
bool range_applies(const Request& request, const Validators& file);

} // namespace http
