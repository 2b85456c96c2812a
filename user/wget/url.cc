#include "user/wget/url.hh"

#include <cstddef>

#include "inc/string.hh"
#include "lib/args.hh"

static constexpr char scheme[] = "http://";

const char* Url::file_name() const
{
    static char name[sizeof path];
    size_t size = 0;
    for (const char* from = path; *from != '\0' && *from != '?'; from++) {
        if (*from == '/') {
            size = 0;
        } else {
            name[size++] = *from;
        }
    }
    name[size] = '\0';
    return size > 0 ? name : "index.html";
}

// Copies `text` up to a character of `ends` to `to`; null if it does not fit or has spaces or
// control characters. Returns where it stopped.
static const char* copy_part(const char* text, const char* ends, char* to, size_t room)
{
    size_t size = 0;
    while (*text != '\0' && strchr(ends, *text) == nullptr) {
        if (*text <= ' ' || *text > '~' || size + 1 >= room) {
            return nullptr;
        }
        to[size++] = *text++;
    }
    to[size] = '\0';
    return text;
}

bool parse_url(const char* text, Url& url)
{
    if (strncmp(text, scheme, sizeof scheme - 1) != 0) {
        return false;
    }
    text += sizeof scheme - 1;
    const bool in_brackets = *text == '[';              // an IPv6 address (RFC 3986, 3.2.2)
    text = copy_part(text + (in_brackets ? 1 : 0), in_brackets ? "]" : ":/?#", url.host,
                     sizeof url.host);
    if (text == nullptr || url.host[0] == '\0' || (in_brackets && *text++ != ']')) {
        return false;
    }
    if (in_brackets && strchr(":/?#", *text) == nullptr) {
        return false;
    }
    if (*text == ':') {
        char digits[6];
        unsigned long port = 0;
        text = copy_part(text + 1, "/?#", digits, sizeof digits);
        if (text == nullptr || !parse_count(digits, 65535, port) || port == 0) {
            return false;
        }
        url.port = static_cast<uint16_t>(port);
    }
    const size_t root = *text == '/' ? 0 : 1;           // "/" stands there already
    return copy_part(text, "#", url.path + root, sizeof url.path - root) != nullptr;
}
