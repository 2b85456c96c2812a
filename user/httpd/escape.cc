#include "user/httpd/escape.hh"

#include "user/httpd/text.hh"

namespace http {

void put_as_text(TextBuffer& to, std::string_view text)
{
    for (const char c : text) {
        switch (c) {
        case '&': to.put("&amp;"); break;
        case '<': to.put("&lt;"); break;
        case '>': to.put("&gt;"); break;
        case '"': to.put("&quot;"); break;
        default: to.put(c); break;
        }
    }
}

void put_as_link(TextBuffer& to, std::string_view text)
{
    constexpr std::string_view plain = "-._~/", hex = "0123456789ABCDEF";
    for (const char c : text) {
        const char letter = lower(c);
        if (is_digit(c) || (letter >= 'a' && letter <= 'z') ||
            plain.find(c) != std::string_view::npos) {
            to.put(c);
        } else {
            const auto byte = static_cast<unsigned char>(c);
            to.put('%');
            to.put(hex[byte >> 4]);
            to.put(hex[byte & 15]);
        }
    }
}

} // namespace http
