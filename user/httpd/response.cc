#include "user/httpd/response.hh"

#include "inc/stdio.hh"
#include "lib/text_buffer.hh"
#include "user/httpd/date.hh"
#include "user/httpd/escape.hh"

namespace http {

const char* reason(int status)
{
    switch (status) {
    case 200: return "OK";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 414: return "URI Too Long";
    case 416: return "Range Not Satisfiable";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    default: return "Unknown";
    }
}

namespace {

void write_framing(const ResponseHead& head, TextBuffer& text)
{
    switch (head.framing) {
    case Framing::length:
        text.print("Content-Length: %llu\r\n",
                   static_cast<unsigned long long>(head.content_length));
        break;
    case Framing::chunked: text.put("Transfer-Encoding: chunked\r\n"); break;
    case Framing::close:
    case Framing::no_body: break;
    }
}

void write_type(const ResponseHead& head, TextBuffer& text)
{
    if (!head.boundary.empty()) {
        text.print("Content-Type: multipart/byteranges; boundary=%.*s\r\n",
                   static_cast<int>(head.boundary.size()), head.boundary.data());
    } else if (head.framing != Framing::no_body) {
        text.print("Content-Type: %s\r\n", head.content_type);
    }
}

void write_range(const Range* range, uint64_t file_size, TextBuffer& text)
{
    const auto size = static_cast<unsigned long long>(file_size);
    if (range == nullptr) {
        text.print("Content-Range: bytes */%llu\r\n", size);
    } else {
        text.print("Content-Range: bytes %llu-%llu/%llu\r\n",
                   static_cast<unsigned long long>(range->first),
                   static_cast<unsigned long long>(range->last()), size);
    }
}

// What is known of the file.
void write_file_fields(const ResponseHead& head, TextBuffer& text)
{
    char date[date_bytes];
    if (head.modified != 0) {
        write_date(head.modified, date);
        text.print("Last-Modified: %s\r\n", date);
    }
    if (!head.etag.empty()) {
        text.print("ETag: %.*s\r\n", static_cast<int>(head.etag.size()), head.etag.data());
    }
    if (head.is_file) {
        text.put("Accept-Ranges: bytes\r\n");
    }
    if (head.range != nullptr || head.status == 416) {
        write_range(head.range, head.file_size, text);
    }
}

} // namespace

size_t write_head(const ResponseHead& head, std::span<char> buffer)
{
    TextBuffer text(buffer);
    text.print("HTTP/1.1 %d %s\r\nServer: JOS++\r\n", head.status, reason(head.status));
    if (head.date != 0) {
        char date[date_bytes];
        write_date(head.date, date);
        text.print("Date: %s\r\n", date);
    }
    write_type(head, text);
    write_framing(head, text);
    write_file_fields(head, text);
    if (!head.location.empty()) {
        text.put("Location: ");
        put_as_link(text, head.location);
        text.put("/\r\n");
    }
    if (head.status == 204 || head.status == 405) {
        text.put("Allow: GET, HEAD, OPTIONS\r\n");
    }
    text.print("Connection: %s\r\n\r\n", head.keep_alive ? "keep-alive" : "close");
    return text.overflowed() ? 0 : text.size();
}

size_t write_part_head(std::string_view boundary, const char* content_type, const Range* range,
                       uint64_t file_size, std::span<char> buffer)
{
    TextBuffer text(buffer);
    text.print("\r\n--%.*s", static_cast<int>(boundary.size()), boundary.data());
    if (range == nullptr) {
        text.put("--\r\n");
    } else {
        text.print("\r\nContent-Type: %s\r\n", content_type);
        write_range(range, file_size, text);
        text.put("\r\n");
    }
    return text.overflowed() ? 0 : text.size();
}

size_t write_error_page(int status, std::span<char> buffer)
{
    const int length = snprintf(buffer.data(), buffer.size(),
                                "<!DOCTYPE html>\n"
                                "<html><head><title>%d %s</title></head>\n"
                                "<body><h1>%d %s</h1>\n"
                                "<p>This is JOS++. Try <a href=\"/index.html\">/index.html</a>.</p>\n"
                                "</body></html>\n",
                                status, reason(status), status, reason(status));
    const auto size = static_cast<size_t>(length);
    return size < buffer.size() ? size : buffer.size() - 1;
}

const std::string_view root_page =
    "<!DOCTYPE html>\n"
    "<html><head><title>JOS++</title></head>\n"
    "<body><h1>JOS++ web server</h1>\n"
    "<p>The network works: this page came through the E1000 driver, the network server and\n"
    "<code>user/httpd</code>. Nothing is served under this address itself, so its status is 404,\n"
    "as the lab wants it.</p>\n"
    "<ul>\n"
    "<li><a href=\"/index.html\">/index.html</a>: a page from the file system, status 200</li>\n"
    "<li><a href=\"/status\">/status</a>: what the machine is doing, live</li>\n"
    "<li><a href=\"/random_file.txt\">/random_file.txt</a>: a file that does not exist, 404</li>\n"
    "</ul>\n"
    "<p>Files are served from the folder <code>/www</code> of the disk.</p>\n"
    "</body></html>\n";

} // namespace http
