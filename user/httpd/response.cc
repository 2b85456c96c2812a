#include "user/httpd/response.hh"

#include "inc/stdio.hh"

namespace http {

const char* reason(int status)
{
    switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 414: return "URI Too Long";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    default: return "Unknown";
    }
}

size_t write_head(const ResponseHead& head, std::span<char> buffer)
{
    const int length = snprintf(buffer.data(), buffer.size(),
                                "HTTP/1.1 %d %s\r\n"
                                "Server: JOS++\r\n"
                                "Content-Type: %s\r\n"
                                "Content-Length: %llu\r\n"
                                "%s"
                                "Connection: %s\r\n"
                                "\r\n",
                                head.status, reason(head.status), head.content_type,
                                static_cast<unsigned long long>(head.content_length),
                                head.status == 405 ? "Allow: GET, HEAD\r\n" : "",
                                head.keep_alive ? "keep-alive" : "close");
    const auto size = static_cast<size_t>(length);
    return size < buffer.size() ? size : 0;
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
    "<li><a href=\"/random_file.txt\">/random_file.txt</a>: a file that does not exist, 404</li>\n"
    "</ul>\n"
    "<p>Files are served from the folder <code>/www</code> of the disk.</p>\n"
    "</body></html>\n";

} // namespace http
