#include "user/httpd/listing.hh"

#include "user/httpd/date.hh"
#include "user/httpd/text.hh"

namespace http {
namespace {

void put_as_text(TextBuffer& page, std::string_view name)
{
    for (const char c : name) {
        switch (c) {
        case '&': page.put("&amp;"); break;
        case '<': page.put("&lt;"); break;
        case '>': page.put("&gt;"); break;
        case '"': page.put("&quot;"); break;
        default: page.put(c); break;
        }
    }
}

void put_as_link(TextBuffer& page, std::string_view name)
{
    constexpr std::string_view plain = "-._~", hex = "0123456789ABCDEF";
    for (const char c : name) {
        const char letter = lower(c);
        if (is_digit(c) || (letter >= 'a' && letter <= 'z') ||
            plain.find(c) != std::string_view::npos) {
            page.put(c);
        } else {
            const auto byte = static_cast<unsigned char>(c);
            page.put('%');
            page.put(hex[byte >> 4]);
            page.put(hex[byte & 15]);
        }
    }
}

} // namespace

void write_listing_head(TextBuffer& page)
{
    page.put("<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>Directory</title>\n"
             "<style>body { font: 16px/1.6 system-ui, sans-serif; margin: 2rem; }\n"
             "td { padding: 0 1.5rem 0 0; } td:nth-child(2) { text-align: right; }</style></head>\n"
             "<body><h1>Directory</h1>\n<table>\n<tr><td><a href=\"../\">../</a></td></tr>\n");
}

void write_listing_entry(TextBuffer& page, const ListedFile& file)
{
    const std::string_view slash = file.is_directory ? "/" : "";
    page.put("<tr><td><a href=\"");
    put_as_link(page, file.name);
    page.put(slash);
    page.put("\">");
    put_as_text(page, file.name);
    page.put(slash);
    page.put("</a></td><td>");
    if (!file.is_directory) {
        page.print("%lld", static_cast<long long>(file.size));
    }
    page.put("</td><td>");
    if (file.modified != 0) {
        char date[date_bytes];
        write_date(file.modified, date);
        page.print("%s", date);
    }
    page.put("</td></tr>\n");
}

void write_listing_end(TextBuffer& page)
{
    page.put("</table></body></html>\n");
}

} // namespace http
