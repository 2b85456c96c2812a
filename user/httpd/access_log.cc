#include "user/httpd/access_log.hh"

#include <algorithm>

#include "lib/file.hh"
#include "lib/text_buffer.hh"
#include "user/httpd/date.hh"

namespace http {

int AccessLog::open(const char* path)
{
    if (path != nullptr) {
        const int file = ::open(path, O_WRONLY | O_CREAT | O_APPEND);
        if (file < 0) {
            return file;
        }
        file_ = file;
    }
    is_open_ = true;
    return 0;
}

void AccessLog::write(const Endpoint& client, int64_t time, std::string_view line, int status,
                      uint64_t body_bytes)
{
    if (!is_open_) {
        return;
    }
    char buffer[512], date[date_bytes];
    write_log_date(time, date);
    TextBuffer text(buffer);
    text.print("%s - - [%s] \"", client.text(), date);
    // What a client sends must not look like a line of ours, nor steer a terminal.
    for (const char c : std::string_view(line.data(), std::min<size_t>(line.size(), 256))) {
        text.put(c < ' ' || c == '"' || c == 0x7F ? '?' : c);
    }
    text.print("\" %d ", status);
    if (body_bytes == unknown_bytes) {
        text.put("-\n");
    } else {
        text.print("%llu\n", static_cast<unsigned long long>(body_bytes));
    }
    if (file_ < 0) {
        cprintf("httpd: %.*s", static_cast<int>(text.size()), text.text().data());
    } else if (writen(file_, text.text().data(), text.size()) < 0) {
        is_open_ = false;               // the disk is full: the pages are served all the same
        cprintf("httpd: cannot write the access log any more\n");
    }
}

} // namespace http
