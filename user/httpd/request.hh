// HTTP requests: from the bytes of a connection to a checked request. RFC 9110 and 9112.
// No system calls: tested on the host (tests/host/http_request_test.cc).
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace http {

inline constexpr size_t max_head_bytes = 8192;      // request line and header fields
inline constexpr size_t max_target_bytes = 2048;
inline constexpr int max_header_fields = 100;

enum class Method { get, head, options, not_allowed, unknown };

// Views point into the parsed bytes.
struct Request {
    Method method = Method::unknown;
    std::string_view line{};            // the request line, for the log
    std::string_view target{};          // path and query; begins with '/' but for other methods
    std::string_view fields{};          // the header fields, all lines; see header_field
    bool has_conditions = false;        // there are If-... fields, or a Range
    bool takes_chunks = false;          // HTTP/1.1: an answer's length need not be known before
    bool keep_alive = false;            // the client wants the connection to stay
    bool expects_continue = false;      // it may wait for our word before it sends the body
    uint64_t body_bytes = 0;            // that follow the head, of no interest to us
};

// What the bytes received so far are.
struct ParsedRequest {
    enum class State { incomplete, complete, invalid };
    State state = State::incomplete;
    int status = 0;                     // invalid: the status code of the answer
    size_t length = 0;                  // complete: the bytes of the head
    Request request{};

    static ParsedRequest invalid(int status) { return {State::invalid, status, 0, {}}; }
};

// Reads one request from the start of `input`. Invalid requests are seen as soon as the line
// that is wrong is complete: 400, 411 (a body in chunks), 414, 431, 501 (other codings), 505.
ParsedRequest parse_request(std::string_view input);

// The value of the first field `name` (any case), without blanks around it; empty if there is none.
std::string_view header_field(const Request& request, std::string_view name);

} // namespace http
