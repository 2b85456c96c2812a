// The access log: a line for each answer, in the form that other web servers' logs have.
#pragma once
#include <cstdint>
#include <string_view>

namespace http {

class AccessLog {
public:
    // Appends to the file; null: prints on the console. Returns 0, or an error of open.
    int open(const char* path);

    // 10.0.2.2 - - [Sun, 06 Nov 1994 08:49:37 GMT] "GET /x HTTP/1.1" 200 1234
    // `client`: its address, host byte order; `line`: the request line, empty if it had none.
    void write(uint32_t client, std::string_view line, int status, uint64_t body_bytes);

private:
    bool is_open_ = false;
    int file_ = -1;
};

} // namespace http
