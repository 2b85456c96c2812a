#include "user/httpd/connection.hh"

#include <algorithm>

#include "inc/string.hh"
#include "lib/fd.hh"
#include "lib/socket.hh"
#include "user/httpd/path.hh"
#include "user/httpd/response.hh"

namespace http {
namespace {

constexpr uint32_t idle_ms = 15'000;        // without a request
constexpr uint32_t request_ms = 15'000;     // from a request's first byte to its last
constexpr uint32_t send_ms = 30'000;        // without the client taking a byte
constexpr uint32_t linger_ms = 2'000;
constexpr uint64_t longest_dropped_body = 65'536;
constexpr int steps_a_turn = 16;

bool would_wait(int result)
{
    return result == to_abi(Error::try_again);
}

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

void Connection::open(int socket, uintptr_t window, uint32_t now_ms)
{
    state_ = State::receiving;
    socket_ = socket;
    window_ = window;
    deadline_ = now_ms + idle_ms;
    turn_over_ = keep_alive_ = false;
    input_used_ = input_parsed_ = 0;
    output_used_ = output_sent_ = 0;
    body_left_ = 0;
}

void Connection::close()
{
    file_.close();
    if (socket_ >= 0) {
        ::close(socket_);
    }
    socket_ = -1;
    state_ = State::closed;
}

int16_t Connection::poll_events() const
{
    if (turn_over_) {
        return 0;
    }
    return state_ == State::sending ? POLLOUT : POLLIN;
}

void Connection::turn(uint32_t now_ms)
{
    now_ = now_ms;
    turn_over_ = false;
    for (int step = 0; in_use(); step++) {
        if (step == steps_a_turn) {
            turn_over_ = true;
            return;
        }
        const Progress progress = state_ == State::receiving ? receive()
                                  : state_ == State::sending ? send()
                                                             : linger();
        if (progress == Progress::none) {
            return;
        }
    }
}

// Looks for a complete request in what is there, and else receives more.
Connection::Progress Connection::receive()
{
    const auto dropped = static_cast<size_t>(std::min<uint64_t>(body_left_, input_used_));
    drop_input(dropped);
    body_left_ -= dropped;
    if (input_used_ == input_parsed_) {
        return receive_more();
    }

    const ParsedRequest parsed = parse_request({input_, input_used_});
    input_parsed_ = input_used_;
    switch (parsed.state) {
    case ParsedRequest::State::incomplete: return receive_more();
    case ParsedRequest::State::invalid:
        keep_alive_ = false;
        answer_page(parsed.status, true);
        break;
    case ParsedRequest::State::complete:
        answer(parsed.request);
        body_left_ = parsed.request.body_bytes;
        drop_input(parsed.length);
        break;
    }
    state_ = State::sending;
    deadline_ = now_ + send_ms;
    return Progress::made;
}

Connection::Progress Connection::receive_more()
{
    const int count = recv(socket_, input_ + input_used_, sizeof input_ - input_used_);
    if (would_wait(count)) {
        return Progress::none;
    }
    if (count <= 0) {
        close();                        // the client is done, or gone
        return Progress::none;
    }
    if (input_used_ == 0) {
        deadline_ = now_ + request_ms;
    }
    input_used_ += static_cast<size_t>(count);
    return Progress::made;
}

void Connection::drop_input(size_t count)
{
    if (count > 0) {
        memmove(input_, input_ + count, input_used_ - count);
        input_used_ -= count;
        input_parsed_ = 0;
    }
}

void Connection::answer(const Request& request)
{
    // A body that is long, or that waits for our word to come, ends the connection instead.
    keep_alive_ = request.keep_alive && !request.expects_continue &&
                  request.body_bytes <= longest_dropped_body;
    switch (request.method) {
    case Method::get:
    case Method::head: return answer_file(request);
    case Method::not_allowed: return answer_page(405, true);
    case Method::unknown: return answer_page(501, true);
    }
}

void Connection::answer_file(const Request& request)
{
    const bool with_body = request.method == Method::get;
    FilePath path;
    if (const int status = resolve_target(request.target, path); status != 0) {
        return answer_page(status, with_body);
    }
    if (path.is_root) {
        return answer_text(404, root_page, with_body);
    }
    if (path.names_directory) {
        return answer_page(404, with_body);
    }
    if (const Result<void> opened = file_.open(path.text, window_); !opened) {
        return answer_page(status_of(opened.error()), with_body);
    }

    ResponseHead head;
    head.content_type = content_type({path.text, path.length});
    head.content_length = file_.size();
    head.keep_alive = keep_alive_;
    output_used_ = write_head(head, output_);
    if (!with_body) {
        file_.close();
    } else if (file_.size() <= sizeof output_ - output_used_) {     // goes along in one piece
        const Result<void> read = file_.read_all(output_ + output_used_);
        const auto size = static_cast<size_t>(file_.size());
        file_.close();
        if (!read) {
            return answer_page(500, with_body);
        }
        output_used_ += size;
    }
}

void Connection::answer_page(int status, bool with_body)
{
    char page[512];
    const size_t size = write_error_page(status, page);
    answer_text(status, {page, size}, with_body);
}

void Connection::answer_text(int status, std::string_view page, bool with_body)
{
    ResponseHead head;
    head.status = status;
    head.content_length = page.size();
    head.keep_alive = keep_alive_;
    output_used_ = write_head(head, output_);
    if (with_body) {
        memcpy(output_ + output_used_, page.data(), page.size());
        output_used_ += page.size();
    }
}

// Sends what is left of the output, then of the file.
Connection::Progress Connection::send()
{
    size_t sent = 0;
    if (output_sent_ < output_used_) {
        if (!send_bytes(output_ + output_sent_, output_used_ - output_sent_, sent)) {
            return Progress::none;
        }
        output_sent_ += sent;
    } else if (file_.left() > 0) {
        const Result<std::string_view> bytes = file_.next();
        if (!bytes) {
            close();                    // the length that we promised cannot be kept any more
            return Progress::none;
        }
        if (!send_bytes(bytes->data(), bytes->size(), sent)) {
            return Progress::none;
        }
        file_.consume(sent);
    }
    if (output_sent_ == output_used_ && file_.left() == 0) {
        finish_response();
        return input_used_ > 0 ? Progress::made : Progress::none;
    }
    return Progress::made;
}

// False: nothing could be sent for now, or the connection broke and is closed.
bool Connection::send_bytes(const char* bytes, size_t size, size_t& sent)
{
    const int result = ::send(socket_, bytes, size);
    if (result < 0) {
        if (!would_wait(result)) {
            close();
        }
        return false;
    }
    sent = static_cast<size_t>(result);
    deadline_ = now_ + send_ms;
    return true;
}

void Connection::finish_response()
{
    file_.close();
    output_used_ = output_sent_ = 0;
    if (!keep_alive_) {
        return start_lingering();
    }
    state_ = State::receiving;
    deadline_ = now_ + (input_used_ > 0 ? request_ms : idle_ms);
}

// Where the client has nothing more on its way, lingering would only cost time.
void Connection::start_lingering()
{
    if ((input_used_ == 0 && body_left_ == 0) || shutdown(socket_, SHUT_WR) < 0) {
        return close();
    }
    state_ = State::lingering;
    input_used_ = 0;
    deadline_ = now_ + linger_ms;
}

Connection::Progress Connection::linger()
{
    const int count = recv(socket_, input_, sizeof input_);
    if (count > 0) {
        return Progress::made;
    }
    if (!would_wait(count)) {
        close();
    }
    return Progress::none;
}

} // namespace http
