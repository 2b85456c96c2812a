// From a request's target to a file below the web root. No system calls: tested on the host.
#pragma once
#include <cstddef>
#include <string_view>

namespace http {

// A path that begins with the root, the directory that is served, has no "." or ".." in it, and ends
// with a zero.
struct FilePath {
    char text[1024] = {};
    size_t length = 0;
    size_t root_bytes = 0;
    // As clients see it: without the root and the slash at its end.
    std::string_view below_root() const
    {
        return {text + root_bytes, length - root_bytes};
    }

    // Adds an ending; what does not fit is left out.
    void append(std::string_view ending)
    {
        for (const char c : ending) {
            if (length + 1 < sizeof text) {
                text[length++] = c;
                text[length] = '\0';
            }
        }
    }

    bool is_root = false;               // the target was "/", or the same in other words
    bool names_directory = false;       // the target ended with '/', "/." or "/.."
};

// Decodes %XX, drops the query, and resolves "." and ".." (RFC 3986, 5.2.4). Returns 0, or a
// status code: 400 for a bad escape, control bytes and a ".." that leaves the root; 414. `root`: an
// absolute path without a slash at its end, of at most max_root_bytes.
inline constexpr size_t max_root_bytes = 512;
int resolve_target(std::string_view target, std::string_view root, FilePath& path);

// The media type by the file's extension.
const char* content_type(std::string_view path);

} // namespace http
