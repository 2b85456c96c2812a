#include "user/httpd/connection.hh"

#include <algorithm>

#include "inc/stdio.hh"
#include "inc/string.hh"
#include "lib/fd.hh"
#include "lib/socket.hh"

namespace http {
namespace {

constexpr uint32_t idle_ms = 15'000;        // without a request
constexpr uint32_t request_ms = 15'000;     // from a request's first byte to its last
constexpr uint32_t send_ms = 30'000;        // without the client taking a byte
constexpr uint32_t linger_ms = 2'000;
constexpr uint32_t patience_ms = 2'000;     // with clients that keep others from being served
constexpr int steps_a_turn = 16;

} // namespace

void Connection::open(int socket, const Endpoint& client, uintptr_t region, std::byte* memory,
                      Moment now, Shared& shared)
{
    state_ = State::receiving;
    channel_.open(socket, memory);
    client_ = client;
    shared_ = &shared;
    region_ = region;
    now_ = now;
    wait_for_client(idle_ms);
    turn_over_ = keep_alive_ = answered_ = false;
    input_used_ = input_parsed_ = 0;
    output_used_ = output_sent_ = 0;
    body_left_ = 0;
}

void Connection::close()
{
    end_body();
    channel_.close();
    state_ = State::closing;
    wait_for_client(send_ms);
}

void Connection::abort()
{
    end_body();
    channel_.abort();
    state_ = State::closed;
}

bool Connection::ask(SocketBatch& batch)
{
    channel_.ask(batch, state_ != State::sending && !turn_over_);
    if (!channel_.is_open()) {
        state_ = State::closed;
    }
    return !turn_over_;
}

// A client between two requests may be closed at once, others only when they seem to be slow.
uint32_t Connection::overdue_ms(Moment now) const
{
    const uint32_t waited = now.ms - waits_since_ms_ + 1;
    const bool between = state_ == State::receiving && answered_ && input_used_ == 0;
    return between ? waited : waited > patience_ms ? waited - patience_ms : 0;
}

void Connection::wait_for_client(uint32_t limit_ms)
{
    waits_since_ms_ = now_.ms;
    deadline_ = now_.ms + limit_ms;
}

void Connection::turn(const SocketBatch& batch, Moment now)
{
    if (!channel_.take(batch) && !turn_over_) {
        return;
    }
    now_ = now;
    turn_over_ = false;
    for (int step = 0; state_ != State::closing; step++) {
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
        answer_invalid(parsed.status);
        break;
    case ParsedRequest::State::complete:
        answer(parsed.request);
        body_left_ = parsed.request.body_bytes;
        drop_input(parsed.length);
        break;
    }
    answered_ = true;
    if (state_ == State::receiving) {
        state_ = State::sending;
        wait_for_client(send_ms);
    }
    return Progress::made;
}

Connection::Progress Connection::receive_more()
{
    const int count = channel_.receive(input_ + input_used_, sizeof input_ - input_used_);
    if (would_wait(count)) {
        return Progress::none;
    }
    if (count <= 0) {
        close();                        // the client is done, or gone
        return Progress::none;
    }
    if (input_used_ == 0) {
        wait_for_client(request_ms);
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

// Sends what is left of the output, then of the file, then what follows that.
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
    if (output_sent_ == output_used_ && file_.left() == 0 && !next_piece()) {
        if (state_ == State::sending) {
            finish_response();
        }
        return input_used_ > 0 ? Progress::made : Progress::none;
    }
    return Progress::made;
}

// False: nothing could be sent for now, or the connection broke and is closed.
bool Connection::send_bytes(const char* bytes, size_t size, size_t& sent)
{
    const int result = channel_.send(bytes, size);
    if (result < 0) {
        if (!would_wait(result)) {
            close();
        }
        return false;
    }
    sent = static_cast<size_t>(result);
    wait_for_client(send_ms);
    return true;
}

// Puts more of a body that comes in pieces into the output; false: that was all.
bool Connection::next_piece()
{
    output_used_ = output_sent_ = 0;
    return multipart_ ? next_part() : generated_.is_active() && next_generated();
}

bool Connection::next_part()
{
    if (next_part_ > parts_.count) {
        return false;
    }
    const Range* range = next_part_ < parts_.count ? &parts_.ranges[next_part_] : nullptr;
    output_used_ = write_part_head(boundary_, part_type_, range, file_.file().size(), output_);
    if (range != nullptr) {
        file_.select(*range);
    }
    next_part_++;
    return true;
}

// RFC 9112, 7.1: each chunk has its length before it; an empty one is the last.
bool Connection::next_generated()
{
    constexpr size_t before = 6, after = 2;     // "1F40" CR LF, CR LF
    static_assert(sizeof output_ - before - after >= GeneratedBody::smallest_buffer);
    const size_t size = generated_.next({output_ + before, sizeof output_ - before - after});
    if (size == 0) {
        generated_.close();
    }
    if (!chunked_) {
        output_sent_ = before;
        output_used_ = before + size;
        return size > 0;
    }
    if (size == 0) {
        memcpy(output_, "0\r\n\r\n", 5);
        output_used_ = 5;
        return true;
    }
    char length[before + 1];
    snprintf(length, sizeof length, "%04zx\r\n", size);
    memcpy(output_, length, before);
    memcpy(output_ + before + size, "\r\n", after);
    output_used_ = before + size + after;
    return true;
}

void Connection::end_body()
{
    file_.close();
    generated_.close();
    parts_ = {};
    multipart_ = false;
}

void Connection::finish_response()
{
    end_body();
    output_used_ = output_sent_ = 0;
    if (!keep_alive_) {
        return start_lingering();
    }
    state_ = State::receiving;
    wait_for_client(input_used_ > 0 ? request_ms : idle_ms);
}

// Where the client has nothing more on its way, lingering would only cost time.
void Connection::start_lingering()
{
    if (input_used_ == 0 && body_left_ == 0) {
        return close();
    }
    channel_.end_output();
    state_ = State::lingering;
    input_used_ = 0;
    wait_for_client(linger_ms);
}

Connection::Progress Connection::linger()
{
    const int count = channel_.receive(input_, sizeof input_);
    if (count > 0) {
        return Progress::made;
    }
    if (!would_wait(count)) {
        close();
    }
    return Progress::none;
}

} // namespace http
