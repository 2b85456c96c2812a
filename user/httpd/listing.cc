#include "user/httpd/listing.hh"

#include "user/httpd/date.hh"
#include "user/httpd/escape.hh"

namespace http {
namespace {

constexpr size_t shown_of_path = 256;

void put_title(TextBuffer& page, std::string_view path)
{
    page.put("Files in ");
    if (path.size() > shown_of_path) {
        path.remove_prefix(path.size() - shown_of_path);
        page.put("...");
    }
    put_as_text(page, path);
    page.put('/');
}

} // namespace

void write_listing_head(TextBuffer& page, std::string_view path)
{
    page.put("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
             "<meta name=\"viewport\" content=\"width=device-width\"><title>");
    put_title(page, path);
    page.put("</title>\n<style>:root { color-scheme: light dark; }\n"
             "body { font: 16px/1.6 system-ui, sans-serif; margin: 2rem; }\n"
             "td { padding: 0 1.5rem 0 0; } td:nth-child(2) { text-align: right; }</style></head>\n"
             "<body><h1>");
    put_title(page, path);
    page.put("</h1>\n<table>\n<tr><td><a href=\"../\">../</a></td></tr>\n");
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

void write_listing_end(TextBuffer& page, bool is_cut_off)
{
    page.put("</table>\n");
    if (is_cut_off) {
        page.put("<p>There are more files than this list can hold.</p>\n");
    }
    page.put("</body></html>\n");
}

} // namespace http
