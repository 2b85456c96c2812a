#include "user/wget/body.hh"

#include "inc/string.hh"
#include "lib/lib.hh"

int Input::take(const char** bytes, size_t limit)
{
    if (first_ == end_) {
        const ssize_t count = read(fd_, buffer_, sizeof buffer_);
        if (count <= 0) {
            return static_cast<int>(count);
        }
        first_ = 0;
        end_ = static_cast<size_t>(count);
    }
    const size_t count = end_ - first_ < limit ? end_ - first_ : limit;
    *bytes = buffer_ + first_;
    first_ += count;
    return static_cast<int>(count);
}

bool Input::read_line(char* line, size_t room)
{
    for (size_t size = 0; size < room; size++) {
        const char* byte = nullptr;
        if (take(&byte, 1) != 1) {
            return false;
        }
        if (*byte == '\n') {
            line[size > 0 && line[size - 1] == '\r' ? size - 1 : size] = '\0';
            return true;
        }
        line[size] = *byte;
    }
    return false;
}

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

// The value of the header field `line` if its name is `name` (in small letters), else null.
const char* value_of(const char* line, const char* name)
{
    for (; *name != '\0'; name++, line++) {
        if (lower(*line) != *name) {
            return nullptr;
        }
    }
    if (*line++ != ':') {
        return nullptr;
    }
    while (*line == ' ' || *line == '\t') {
        line++;
    }
    return line;
}

bool is_chunked(const char* value)
{
    const char* name = "chunked";
    while (*name != '\0' && lower(*value) == *name) {
        name++;
        value++;
    }
    return *name == '\0' && *value == '\0';
}

// Reads a number in base 10 or 16 that ends with the text, a space or a semicolon.
bool read_number(const char* text, unsigned base, uint64_t& value)
{
    value = 0;
    const char* from = text;
    for (;; from++) {
        const char c = lower(*from);
        const unsigned digit = c >= '0' && c <= '9' ? static_cast<unsigned>(c - '0')
            : c >= 'a' && c <= 'f'                  ? static_cast<unsigned>(c - 'a') + 10
                                                    : 16;
        if (digit >= base) {
            break;
        }
        if (value > UINT64_MAX / 32) {
            return false;
        }
        value = value * base + digit;
    }
    return from != text && (*from == '\0' || *from == ' ' || *from == '\t' || *from == ';');
}

bool read_status(const char* line, AnswerHead& head)
{
    uint64_t status = 0;
    if (strncmp(line, "HTTP/1.", 7) != 0 || line[7] == '\0' || line[8] != ' '
        || !read_number(line + 9, 10, status) || status < 100 || status > 999) {
        return false;
    }
    head = {};
    head.status = static_cast<unsigned>(status);
    strlcpy(head.reason, line[12] == ' ' ? line + 13 : "", sizeof head.reason);
    return true;
}

bool read_field(const char* line, AnswerHead& head)
{
    if (const char* value = value_of(line, "content-length"); value != nullptr) {
        head.has_length = true;
        return read_number(value, 10, head.length);
    }
    if (const char* value = value_of(line, "transfer-encoding"); value != nullptr) {
        head.chunked = is_chunked(value);
        return head.chunked;
    }
    return true;
}

// Copies `length` bytes, or all there are. Returns null or what is wrong.
const char* copy_bytes(Input& input, int output, uint64_t length, bool to_end, uint64_t& size)
{
    constexpr size_t most = 1 << 20;
    while (length > 0) {
        const char* bytes = nullptr;
        const int count = input.take(&bytes, length < most ? static_cast<size_t>(length) : most);
        if (count < 0) {
            return error_text(count);
        }
        if (count == 0) {
            return to_end ? nullptr : "the connection ended early";
        }
        const size_t part = static_cast<size_t>(count);
        if (const ssize_t result = writen(output, bytes, part); result < 0) {
            return error_text(static_cast<int>(result));
        }
        size += part;
        length -= part;
    }
    return nullptr;
}

const char* copy_chunks(Input& input, int output, uint64_t& size)
{
    char line[1024];
    for (;;) {
        uint64_t length = 0;
        if (!input.read_line(line, sizeof line) || !read_number(line, 16, length)) {
            return "a chunk's size is wrong";
        }
        if (length == 0) {
            break;
        }
        if (const char* wrong = copy_bytes(input, output, length, false, size); wrong != nullptr) {
            return wrong;
        }
        if (!input.read_line(line, sizeof line) || line[0] != '\0') {
            return "a chunk's end is wrong";
        }
    }
    do {                                // trailer fields
        if (!input.read_line(line, sizeof line)) {
            return "the connection ended early";
        }
    } while (line[0] != '\0');
    return nullptr;
}

} // namespace

const char* read_head(Input& input, AnswerHead& head)
{
    static char line[8192];
    do {
        if (!input.read_line(line, sizeof line) || !read_status(line, head)) {
            return "the answer is not HTTP/1";
        }
        for (;;) {
            if (!input.read_line(line, sizeof line)) {
                return "the connection ended in the answer's header, or a field is too long";
            }
            if (line[0] == '\0') {
                break;
            }
            if (!read_field(line, head)) {
                return "the answer's length or encoding cannot be understood";
            }
        }
    } while (head.status < 200);
    return nullptr;
}

const char* copy_body(Input& input, const AnswerHead& head, int output, uint64_t& size)
{
    if (head.chunked) {
        return copy_chunks(input, output, size);
    }
    return copy_bytes(input, output, head.has_length ? head.length : UINT64_MAX, !head.has_length,
                      size);
}
