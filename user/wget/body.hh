// An HTTP/1.1 answer as it comes in (RFC 9112).
#pragma once
#include <cstddef>
#include <cstdint>

// Bytes of a connection, through a buffer.
class Input {
public:
    explicit Input(int fd) : fd_(fd) {}

    // The next bytes, at most `limit`, which stay valid until the next call: how many, 0 at the
    // end, or a negative error.
    int take(const char** bytes, size_t limit);
    // A line without its end; false at the connection's end, after an error, or when it is longer
    // than `room`.
    bool read_line(char* line, size_t room);

private:
    int fd_;
    char buffer_[16 * 1024];
    size_t first_ = 0, end_ = 0;
};

struct AnswerHead {
    unsigned status = 0;
    char reason[64] = {};
    bool chunked = false;
    bool has_length = false;
    uint64_t length = 0;
};

// Reads status line and header, interim answers (1xx) left out. Returns null, or what is wrong.
const char* read_head(Input& input, AnswerHead& head);

// Copies the body to descriptor `output`, and counts its bytes in `size`. Returns null if all of
// it came, or what is wrong.
const char* copy_body(Input& input, const AnswerHead& head, int output, uint64_t& size);
