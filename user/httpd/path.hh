// From a request's target to a file below the web root. No system calls: tested on the host.
#pragma once
#include <cstddef>
#include <string_view>

namespace http {

inline constexpr std::string_view web_root = "/www";

// A path that begins with the web root, has no "." or ".." in it, and ends with a zero.
struct FilePath {
    char text[1024] = {};
    size_t length = 0;
    // As clients see it: without the web root and the slash at its end.
    std::string_view below_root() const
    {
        return {text + web_root.size(), length - web_root.size()};
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
// status code: 400 for a bad escape, control bytes and a ".." that leaves the root; 414.
int resolve_target(std::string_view target, FilePath& path);

// The media type by the file's extension.
const char* content_type(std::string_view path);

} // namespace http
