// The access log: a line for each answer, in the "common log format" that tools for logs read.
#pragma once
#include <cstdint>
#include <string_view>

#include "lib/endpoint.hh"

namespace http {

class AccessLog {
public:
    // Appends to the file; null: prints on the console. Returns 0, or an error of open.
    int open(const char* path);

    // 10.0.2.2 - - [06/Nov/1994:08:49:37 +0000] "GET /x HTTP/1.1" 200 1234
    // `time`: seconds since 1970; `line`: the request line, or what came of it; `body_bytes`: "-"
    // stands for unknown_bytes.
    static constexpr uint64_t unknown_bytes = UINT64_MAX;
    void write(const Endpoint& client, int64_t time, std::string_view line, int status,
               uint64_t body_bytes);

private:
    bool is_open_ = false;
    int file_ = -1;
};

} // namespace http
