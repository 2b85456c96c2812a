// What a connection answers to a request: which file, page or list, and which part of it.
#include <algorithm>

#include "inc/string.hh"
#include "lib/syscall.hh"
#include "user/httpd/access_log.hh"
#include "user/httpd/clock.hh"
#include "user/httpd/conditional.hh"
#include "user/httpd/connection.hh"
#include "user/httpd/path.hh"
#include "user/httpd/text_buffer.hh"

namespace http {
namespace {

constexpr uint64_t longest_dropped_body = 65'536;
constexpr std::string_view status_page = "/www/status.html";

int status_of(Error error)
{
    switch (error) {
    case Error::not_found:
    case Error::not_directory:
    case Error::is_directory:
    case Error::bad_path: return 404;
    case Error::max_open:
    case Error::no_memory:
    case Error::no_device: return 503;
    default: return 500;
    }
}

// The target as a Location: without its query, and with one slash at its start (two would begin
// another host's name).
std::string_view location_of(std::string_view target)
{
    target = {target.data(), std::min(target.find_first_of("?#"), target.size())};
    while (target.starts_with("//")) {
        target.remove_prefix(1);
    }
    return target;
}

} // namespace

void Connection::answer(const Request& request)
{
    // A body that is long, or that waits for our word to come, ends the connection instead.
    keep_alive_ = request.keep_alive && !request.expects_continue &&
                  request.body_bytes <= longest_dropped_body;
    with_body_ = request.method != Method::head;
    switch (request.method) {
    case Method::get:
    case Method::head: answer_target(request); break;
    case Method::not_allowed: answer_page({.status = 405}); break;
    case Method::unknown: answer_page({.status = 501}); break;
    }
    log_->write(client_, request.line, status_, body_bytes_);
}

void Connection::answer_invalid(int status)
{
    keep_alive_ = false;
    with_body_ = true;
    answer_page({.status = status});
    log_->write(client_, {}, status_, body_bytes_);
}

void Connection::answer_target(const Request& request)
{
    FilePath path;
    if (const int status = resolve_target(request.target, path); status != 0) {
        return answer_page({.status = status});
    }
    const std::string_view text(path.text, path.length);
    if (path.is_root) {
        return answer_text({.status = 404}, root_page);
    }
    if (text == "/www/status.json" && !path.names_directory) {
        generated_.start_status();
        return answer_generated(request, "application/json");
    }
    if (path.names_directory) {
        return answer_directory(request, path.text);
    }
    const std::string_view file = text == "/www/status" ? status_page : text;
    const Result<void> opened = file_.open(file.data(), window_);
    if (!opened && opened.error() == Error::is_directory) {
        return answer_page({.status = 301, .location = location_of(request.target)});
    }
    if (!opened) {
        return answer_page({.status = status_of(opened.error())});
    }
    answer_file(request, content_type(file));
}

void Connection::answer_directory(const Request& request, const char* path)
{
    if (const int result = generated_.start_listing(path); result < 0) {
        return answer_page({.status = status_of(static_cast<Error>(-result))});
    }
    answer_generated(request, "text/html; charset=utf-8");
}

void Connection::answer_generated(const Request& request, const char* type)
{
    chunked_ = request.takes_chunks;
    keep_alive_ = keep_alive_ && chunked_;
    begin({.content_type = type, .framing = chunked_ ? Framing::chunked : Framing::close});
    if (!with_body_) {
        generated_.close();
    }
}

void Connection::answer_file(const Request& request, const char* type)
{
    const auto size = static_cast<unsigned long long>(file_.size());
    const int64_t now = time_of_day();

    // Times have whole seconds: what has just changed may change again without a trace.
    char etag[48];
    TextBuffer tag(etag);
    tag.print("%s\"%llx-%llx\"", now - file_.modified() < 2 ? "W/" : "",
              static_cast<unsigned long long>(file_.modified()), size);
    const Validators validators{tag.text(), file_.modified(), now};

    ResponseHead head{.content_type = type, .content_length = size, .modified = file_.modified(),
                      .etag = tag.text(), .is_file = true, .file_size = size};
    const int status = evaluate_conditions(request, validators);
    if (status == 412) {
        file_.close();
        return answer_page({.status = status});
    }
    if (status == 304) {
        head.status = status;
        head.framing = Framing::no_body;
        file_.close();
        return begin(head);
    }
    const std::string_view ranges = header_field(request, "Range");
    if (with_body_ && !ranges.empty() && range_applies(request, validators)) {
        parts_ = parse_ranges(ranges, size);
    }
    switch (parts_.kind) {
    case RangeSet::Kind::unsatisfiable:
        file_.close();
        return answer_page({.status = 416, .is_file = true, .file_size = size});
    case RangeSet::Kind::parts: return answer_parts(head);
    case RangeSet::Kind::whole: break;
    }
    begin(head);
    attach_file();
}

// Sends one range as it is, and several as multipart/byteranges (RFC 9110, 15.3.7).
void Connection::answer_parts(ResponseHead& head)
{
    head.status = 206;
    if (parts_.count == 1) {
        head.range = &parts_.ranges[0];
        head.content_length = parts_.ranges[0].length;
        file_.select(parts_.ranges[0]);
        parts_ = {};
        begin(head);
        return attach_file();
    }
    part_type_ = head.content_type;
    snprintf(boundary_, sizeof boundary_, "jos-%016llx",
             static_cast<unsigned long long>(sys_time_usec()));
    head.boundary = boundary_;
    head.content_length = 0;
    for (size_t i = 0; i <= parts_.count; i++) {
        const Range* range = i < parts_.count ? &parts_.ranges[i] : nullptr;
        char part_head[part_head_bytes];
        head.content_length += range != nullptr ? range->length : 0;
        head.content_length += write_part_head(boundary_, part_type_, range, file_.size(),
                                               part_head);
    }
    begin(head);
    next_part_ = 0;
    multipart_ = true;
    file_.select({0, 0});               // the parts select what they need
}

// Sends the selected bytes of the file after the head; few of them go along in one piece.
void Connection::attach_file()
{
    if (!with_body_) {
        return file_.close();
    }
    if (file_.left() > sizeof output_ - output_used_) {
        return;
    }
    const auto size = static_cast<size_t>(file_.left());
    const Result<void> read = file_.read_rest(output_ + output_used_);
    file_.close();
    if (!read) {
        return answer_page({.status = 500});
    }
    output_used_ += size;
}

void Connection::answer_page(ResponseHead head)
{
    char page[512];
    const size_t size = write_error_page(head.status, page);
    answer_text(head, {page, size});
}

void Connection::answer_text(ResponseHead head, std::string_view page)
{
    head.content_length = page.size();
    begin(head);
    if (with_body_) {
        memcpy(output_ + output_used_, page.data(), page.size());
        output_used_ += page.size();
    }
}

// Starts the output with the head.
void Connection::begin(ResponseHead head)
{
    head.date = time_of_day();
    head.keep_alive = keep_alive_;
    output_sent_ = 0;
    output_used_ = write_head(head, output_);
    status_ = head.status;
    body_bytes_ = with_body_ && head.framing == Framing::length ? head.content_length : 0;
}

} // namespace http
