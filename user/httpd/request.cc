#include "user/httpd/request.hh"

#include "user/httpd/text.hh"

namespace http {
namespace {

// RFC 9110, 5.6.2: the bytes of a token.
constexpr bool is_token_byte(char c)
{
    return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') ||
           (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}

bool is_token(std::string_view text)
{
    for (const char c : text) {
        if (!is_token_byte(c)) {
            return false;
        }
    }
    return !text.empty();
}

// Whether `text` holds none of the bytes below blank and no DEL. Tabs are let through on request.
bool is_printable(std::string_view text, bool tabs_too)
{
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < ' ' && !(tabs_too && c == '\t')) || byte == 0x7F) {
            return false;
        }
    }
    return true;
}

// Takes one line off the front; false if its end is not there yet. The end is LF or CR LF.
bool take_line(std::string_view& text, std::string_view& line)
{
    if (text.find('\n') == std::string_view::npos) {
        return false;
    }
    line = trim_line_end(take_until(text, '\n'));
    return true;
}

// RFC 3986, 3.2.2: what names of hosts, addresses and a port after them are made of.
bool is_host(std::string_view value)
{
    for (const char c : value) {
        const char letter = lower(c);
        if (!is_digit(c) && !(letter >= 'a' && letter <= 'z')
            && std::string_view("-._~%!$&'()*+,;=:[]").find(c) == std::string_view::npos) {
            return false;
        }
    }
    return true;
}

Method method_of(std::string_view name)
{
    if (name == "GET") {
        return Method::get;
    }
    if (name == "HEAD") {
        return Method::head;
    }
    if (name == "OPTIONS") {
        return Method::options;
    }
    for (const std::string_view known :
         {"POST", "PUT", "DELETE", "TRACE", "CONNECT", "PATCH"}) {
        if (name == known) {
            return Method::not_allowed;
        }
    }
    return Method::unknown;
}

// Turns "http://host/path" into "/path", as RFC 9112, 3.2.2 demands of servers. False: the host is
// missing, or is none (RFC 9110, 4.2.1 and 4.2.4).
bool drop_authority(std::string_view& target)
{
    constexpr std::string_view scheme = "http://";
    if (target.size() < scheme.size() ||
        !equals_ignoring_case({target.data(), scheme.size()}, scheme)) {
        return true;
    }
    target.remove_prefix(scheme.size());
    const size_t end = target.find_first_of("/?#");
    const std::string_view host(target.data(), end < target.size() ? end : target.size());
    target.remove_prefix(host.size());
    if (!target.starts_with('/')) {
        target = "/";
    }
    return !host.empty() && is_host(host);
}

bool starts_with_if(std::string_view name)
{
    return name.size() > 3 && equals_ignoring_case({name.data(), 3}, "If-");
}

// Whether the server could answer for this target at all: "*" is for OPTIONS alone.
bool is_served(Method method, std::string_view target)
{
    switch (method) {
    case Method::get:
    case Method::head: return target.starts_with('/');
    case Method::options: return target.starts_with('/') || target == "*";
    default: return true;
    }
}

// "HTTP/1.0" to "HTTP/1.9" give the minor version, others a negative status code.
int minor_version(std::string_view version)
{
    if (!version.starts_with("HTTP/") || version.size() != 8 || !is_digit(version[5]) ||
        version[6] != '.' || !is_digit(version[7])) {
        return -400;
    }
    return version[5] == '1' ? version[7] - '0' : -505;
}

// The parser's notes while it reads the fields.
class HeadParser {
public:
    // Each returns 0 or the status code of a refusal.
    int request_line(std::string_view line);
    int field_line(std::string_view line);
    int finish();

    Request request{};

private:
    int known_field(std::string_view name, std::string_view value);
    void connection_options(std::string_view list);

    int minor_ = 0;
    int fields_ = 0;
    int hosts_ = 0;
    bool close_ = false;
    bool keep_alive_ = false;
    bool has_length_ = false;
    std::string_view coding_{};         // how the body is encoded
    bool has_coding_ = false;
};

int HeadParser::request_line(std::string_view line)
{
    request.line = line;
    const std::string_view method = take_until(line, ' ');
    const std::string_view target = take_until(line, ' ');
    if (!is_token(method) || target.empty() || !is_printable(target, false)) {
        return 400;
    }
    minor_ = minor_version(line);
    if (minor_ < 0) {
        return -minor_;
    }
    if (target.size() > max_target_bytes) {
        return 414;
    }
    request.method = method_of(method);
    request.target = target;
    return drop_authority(request.target) && is_served(request.method, request.target) ? 0 : 400;
}

int HeadParser::field_line(std::string_view line)
{
    if (++fields_ > max_header_fields) {
        return 431;
    }
    if (line.find(':') == std::string_view::npos) {
        return 400;
    }
    const std::string_view name = take_until(line, ':');
    const std::string_view value = trim(line);
    if (!is_token(name) || !is_printable(value, true)) {
        return 400;
    }
    return known_field(name, value);
}

int HeadParser::known_field(std::string_view name, std::string_view value)
{
    if (equals_ignoring_case(name, "Host")) {
        return ++hosts_ > 1 || !is_host(value) ? 400 : 0;
    }
    if (equals_ignoring_case(name, "Connection")) {
        connection_options(value);
    } else if (equals_ignoring_case(name, "Content-Length")) {
        if (has_length_ || !parse_length(value, request.body_bytes)) {
            return 400;                 // two, even equal ones, are an attempt at smuggling
        }
        has_length_ = true;
    } else if (equals_ignoring_case(name, "Transfer-Encoding")) {
        coding_ = has_coding_ ? std::string_view{} : value;
        has_coding_ = true;
    } else if (equals_ignoring_case(name, "Expect")) {
        request.expects_continue = true;
    } else if (equals_ignoring_case(name, "Range") || starts_with_if(name)) {
        request.has_conditions = true;
    }
    return 0;
}

void HeadParser::connection_options(std::string_view list)
{
    while (!list.empty()) {
        const std::string_view option = trim(take_until(list, ','));
        close_ = close_ || equals_ignoring_case(option, "close");
        keep_alive_ = keep_alive_ || equals_ignoring_case(option, "keep-alive");
    }
}

int HeadParser::finish()
{
    if (minor_ >= 1 && hosts_ == 0) {
        return 400;                     // RFC 9112, 3.2
    }
    if (has_coding_ && (has_length_ || minor_ == 0)) {
        return 400;                     // RFC 9112, 6.1: an attempt at smuggling
    }
    if (has_coding_) {
        return equals_ignoring_case(coding_, "chunked") ? 411 : 501;
    }
    request.takes_chunks = minor_ >= 1;
    request.expects_continue = request.expects_continue && request.body_bytes > 0;
    request.keep_alive = !close_ && (minor_ >= 1 || keep_alive_);
    return 0;
}

} // namespace

ParsedRequest parse_request(std::string_view input)
{
    std::string_view rest = input, line;
    while (rest.starts_with("\r\n") || rest.starts_with('\n')) {
        take_line(rest, line);          // RFC 9112, 2.2: empty lines before a request are skipped
    }

    HeadParser head;
    if (!take_line(rest, line)) {
        const bool full = input.size() >= max_head_bytes;
        return full ? ParsedRequest::invalid(rest.empty() ? 400 : 414) : ParsedRequest{};
    }
    if (const int status = head.request_line(line); status != 0) {
        return ParsedRequest::invalid(status);
    }
    const char* const fields = rest.data();
    for (;;) {
        const char* const line_start = rest.data();
        if (!take_line(rest, line)) {
            return input.size() >= max_head_bytes ? ParsedRequest::invalid(431) : ParsedRequest{};
        }
        if (line.empty()) {
            head.request.fields = {fields, static_cast<size_t>(line_start - fields)};
            break;
        }
        if (const int status = head.field_line(line); status != 0) {
            return ParsedRequest::invalid(status);
        }
    }
    if (const int status = head.finish(); status != 0) {
        return ParsedRequest::invalid(status);
    }
    return {ParsedRequest::State::complete, 0, input.size() - rest.size(), head.request};
}

std::string_view header_field(const Request& request, std::string_view name)
{
    std::string_view rest = request.fields, line;
    while (take_line(rest, line)) {
        if (equals_ignoring_case(take_until(line, ':'), name)) {
            return trim(line);
        }
    }
    return {};
}

} // namespace http
