#include "user/httpd/text.hh"

namespace http {

static constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string_view trim(std::string_view text)
{
    while (!text.empty() && is_blank(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && is_blank(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

std::string_view trim_line_end(std::string_view line)
{
    if (line.ends_with('\r')) {
        line.remove_suffix(1);
    }
    return line;
}

std::string_view take_until(std::string_view& text, char separator)
{
    const size_t position = text.find(separator);
    const std::string_view part(text.data(), position < text.size() ? position : text.size());
    text.remove_prefix(position < text.size() ? position + 1 : text.size());
    return part;
}

bool parse_length(std::string_view text, uint64_t& value)
{
    value = 0;
    for (const char c : text) {
        if (!is_digit(c) || value > (UINT64_MAX >> 1) / 10 - 1) {
            return false;
        }
        value = value * 10 + static_cast<uint64_t>(c - '0');
    }
    return !text.empty();
}

bool equals_ignoring_case(std::string_view a, std::string_view b)
{
    if (a.size() != b.size()) {
        return false;
    }
    for (size_t i = 0; i < a.size(); i++) {
        if (lower(a[i]) != lower(b[i])) {
            return false;
        }
    }
    return true;
}

} // namespace http
