// What a connection answers to a request: which file, page or list, and which part of it.
#include <algorithm>

#include "inc/stdio.hh"
#include "inc/string.hh"
#include "lib/syscall.hh"
#include "user/httpd/access_log.hh"
#include "user/httpd/conditional.hh"
#include "user/httpd/connection.hh"
#include "user/httpd/path.hh"
#include "user/httpd/text.hh"

namespace http {
namespace {

constexpr uint64_t longest_dropped_body = 65'536;

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
    case Method::options: begin({.status = 204, .framing = Framing::no_body}); break;
    case Method::not_allowed: answer_page({.status = 405}); break;
    case Method::unknown: answer_page({.status = 501}); break;
    }
    shared_->log.write(client_, now_.seconds, request.line, status_, body_bytes_);
}

void Connection::answer_invalid(int status)
{
    std::string_view line(input_, input_used_);
    line = take_until(line, '\n');
    keep_alive_ = false;
    with_body_ = !line.starts_with("HEAD ");
    answer_page({.status = status});
    shared_->log.write(client_, now_.seconds, trim_line_end(line), status_, body_bytes_);
}

void Connection::answer_target(const Request& request)
{
    FilePath path;
    if (const int status = resolve_target(request.target, shared_->root, path); status != 0) {
        return answer_page({.status = status});
    }
    if (path.is_root && !shared_->lists_root) {
        return answer_text({.status = 404}, root_page);
    }
    if (path.names_directory) {
        return answer_directory(request, path);
    }
    if (path.below_root() == "/status.json") {
        generated_.start_status();
        return answer_generated(request, "application/json");
    }
    if (path.below_root() == "/status") {
        path.append(".html");
    }
    const Result<void> opened = file_.open(shared_->files, path, region_, now_);
    if (!opened && opened.error() == Error::is_directory) {
        // From the path that was found: what a client sent might name another host.
        return answer_page({.status = 301, .location = path.below_root()});
    }
    if (!opened) {
        return answer_page({.status = status_of(opened.error())});
    }
    answer_file(request);
}

void Connection::answer_directory(const Request& request, const FilePath& path)
{
    if (const Result<void> started = generated_.start_listing(path, region_); !started) {
        return answer_page({.status = status_of(started.error())});
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

void Connection::answer_file(const Request& request)
{
    if (with_body_ && !request.has_conditions && file_.file().contents().data() != nullptr) {
        return answer_plain();
    }
    ResponseHead head = file_.file().head(now_);
    if (answer_conditions(request, head)) {
        return file_.close();
    }
    if (parts_.kind == RangeSet::Kind::parts) {
        return answer_parts(head);
    }
    begin(head);
    attach_file();
}

// The answer that most requests get: it is there already, and goes out as it is. What the network
// server does not take now is left for send().
void Connection::answer_plain()
{
    size_t head_bytes = 0;
    status_ = 200;
    body_bytes_ = file_.file().size();
    const int result = file_.file().send_plain(channel_, keep_alive_, now_, &head_bytes);
    if (result < 0 && !would_wait(result)) {
        return close();
    }
    const size_t sent = result < 0 ? 0 : static_cast<size_t>(result);
    const size_t of_head = std::min(sent, head_bytes);
    const std::string_view head = file_.file().plain_head();
    memcpy(output_, head.data() + of_head, head_bytes - of_head);
    output_sent_ = 0;
    output_used_ = head_bytes - of_head;
    file_.consume(sent - of_head);
}

// Looks at the fields that ask for the file under conditions, or for ranges of it (in parts_).
// True: there was a reason to answer something else than the file, and that is done.
bool Connection::answer_conditions(const Request& request, ResponseHead& head)
{
    const Validators validators{head.etag, head.modified, now_.seconds};
    const int status = evaluate_conditions(request, validators);
    if (status == 412) {
        answer_page({.status = status});
        return true;
    }
    if (status == 304) {
        head.status = status;
        head.framing = Framing::no_body;
        begin(head);
        return true;
    }
    const std::string_view ranges = header_field(request, "Range");
    if (with_body_ && !ranges.empty() && range_applies(request, validators)) {
        parts_ = parse_ranges(ranges, head.file_size);
    }
    if (parts_.kind == RangeSet::Kind::unsatisfiable) {
        answer_page({.status = 416, .is_file = true, .file_size = head.file_size});
        return true;
    }
    return false;
}

// Sends one range as it is, and several as multipart/byteranges (RFC 9110, 15.3.7).
void Connection::answer_parts(ResponseHead& head)
{
    head.status = 206;
    if (parts_.count == 1) {
        head.range = &parts_.ranges[0];
        head.content_length = parts_.ranges[0].length;
        file_.select(parts_.ranges[0]);
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
        head.content_length += write_part_head(boundary_, part_type_, range, head.file_size,
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
    head.date = now_.seconds;
    head.keep_alive = keep_alive_;
    output_sent_ = 0;
    output_used_ = write_head(head, output_);
    status_ = head.status;
    body_bytes_ = !with_body_ || head.framing == Framing::no_body ? 0
                  : head.framing == Framing::length               ? head.content_length
                                                                  : AccessLog::unknown_bytes;
}

} // namespace http
