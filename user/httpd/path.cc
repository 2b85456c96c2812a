#include "user/httpd/path.hh"

#include "user/httpd/text.hh"

namespace http {
namespace {

constexpr int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    const char letter = static_cast<char>(c | 0x20);
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

// The target's bytes, one after the other, with escapes decoded.
class Decoder {
public:
    explicit Decoder(std::string_view text) : rest_(text) {}
    bool done() const { return rest_.empty(); }

    // The next byte; negative for a bad escape, and for bytes that no path may hold.
    int next()
    {
        int byte = static_cast<unsigned char>(rest_.front());
        size_t used = 1;
        if (byte == '%') {
            if (rest_.size() < 3 || hex_value(rest_[1]) < 0 || hex_value(rest_[2]) < 0) {
                return -1;
            }
            byte = hex_value(rest_[1]) * 16 + hex_value(rest_[2]);
            used = 3;
        }
        rest_.remove_prefix(used);
        return byte < ' ' || byte == 0x7F ? -1 : byte;
    }

private:
    std::string_view rest_;
};

// Builds the path a name at a time.
class PathBuilder {
public:
    PathBuilder(std::string_view root, FilePath& path) : path_(path)
    {
        path_.append(root);
        path_.root_bytes = path_.length;
        name_start_ = path_.length;
    }

    bool add(char c)
    {
        if (path_.length + 1 >= sizeof path_.text) {
            return false;
        }
        path_.text[path_.length++] = c;
        path_.text[path_.length] = '\0';
        return true;
    }

    // Starts a name. False: no room.
    bool begin_name()
    {
        name_start_ = path_.length;
        return add('/');
    }

    // Ends a name: an empty one and "." go, ".." takes the name before along. False: that would
    // leave the root.
    bool end_name()
    {
        const std::string_view name = last_name();
        if (name == "..") {
            if (name_start_ == path_.root_bytes) {
                return false;
            }
            cut_to(name_start_);
            while (path_.text[path_.length - 1] != '/') {
                path_.length--;
            }
            cut_to(path_.length - 1);
        } else if (name.empty() || name == ".") {
            cut_to(name_start_);
        } else {
            path_.names_directory = false;
            return true;
        }
        path_.names_directory = true;
        return true;
    }

private:
    std::string_view last_name() const
    {
        const size_t start = name_start_ + 1;
        return start < path_.length
                   ? std::string_view(path_.text + start, path_.length - start)
                   : std::string_view();
    }
    void cut_to(size_t length)
    {
        path_.length = length;
        path_.text[length] = '\0';
        name_start_ = length;
    }

    FilePath& path_;
    size_t name_start_ = 0;
};

} // namespace

int resolve_target(std::string_view target, std::string_view root, FilePath& path)
{
    path = {};
    const size_t query = target.find_first_of("?#");
    if (query != std::string_view::npos) {
        target.remove_suffix(target.size() - query);
    }
    if (!target.starts_with('/')) {
        return 400;
    }

    PathBuilder builder(root, path);
    for (Decoder decoder(target); !decoder.done();) {
        const int byte = decoder.next();
        if (byte < 0 || (byte == '/' && !builder.end_name())) {
            return 400;
        }
        if (!(byte == '/' ? builder.begin_name() : builder.add(static_cast<char>(byte)))) {
            return 414;
        }
    }
    if (!builder.end_name()) {
        return 400;
    }
    path.is_root = path.length == path.root_bytes;
    return 0;
}

const char* content_type(std::string_view path)
{
    struct Type {
        std::string_view extension;
        const char* name;
    };
    static constexpr Type types[] = {
        {"html", "text/html; charset=utf-8"},
        {"htm", "text/html; charset=utf-8"},
        {"txt", "text/plain; charset=utf-8"},
        {"md", "text/plain; charset=utf-8"},
        {"css", "text/css"},
        {"js", "text/javascript"},
        {"json", "application/json"},
        {"xml", "application/xml"},
        {"svg", "image/svg+xml"},
        {"png", "image/png"},
        {"jpg", "image/jpeg"},
        {"jpeg", "image/jpeg"},
        {"gif", "image/gif"},
        {"ico", "image/x-icon"},
        {"webp", "image/webp"},
        {"pdf", "application/pdf"},
        {"wasm", "application/wasm"},
    };
    const size_t dot = path.find_last_of("./");
    if (dot != std::string_view::npos && path[dot] == '.') {
        path.remove_prefix(dot + 1);
        for (const Type& type : types) {
            if (equals_ignoring_case(path, type.extension)) {
                return type.name;
            }
        }
    }
    return "application/octet-stream";
}

} // namespace http
