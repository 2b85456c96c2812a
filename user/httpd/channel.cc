#include "user/httpd/channel.hh"

#include <algorithm>

#include "inc/string.hh"
#include "lib/fd.hh"
#include "lib/socket.hh"

namespace http {
namespace {

constexpr int not_yet = to_abi(Error::try_again);

} // namespace

void Channel::open(int socket, std::byte* memory)
{
    *this = Channel();
    socket_ = socket;
    input_ = memory;
    output_ = memory + input_bytes;
}

void Channel::ask(SocketBatch& batch, bool for_input)
{
    using Await = SocketBatch::Await;
    sending_ = receiving_ = waiting_ = -1;
    if (has_output()) {
        const bool awaited = stuck_ || closes_ || ends_output_ || !for_input;
        sending_ = batch.send(socket_, output_ + output_begin_, output_end_ - output_begin_,
                              awaited ? Await::yes : Await::no);
    } else if (closes_) {
        batch.close(socket_);
        socket_ = -1;
    } else if (!for_input) {
        waiting_ = batch.wait_for(socket_, POLLOUT);
    }
    if (for_input && !closes_ && input_begin_ == input_end_) {
        input_begin_ = input_end_ = 0;
        receiving_ = batch.receive(socket_, input_, input_bytes);
    }
}

bool Channel::take(const SocketBatch& batch)
{
    if (sending_ >= 0) {
        note_sent(batch.result(sending_));
    }
    if (receiving_ >= 0 && !would_wait(batch.result(receiving_))) {
        const int count = batch.result(receiving_);
        input_end_ = count > 0 ? static_cast<size_t>(count) : 0;
        input_ended_ = count <= 0;
        error_ = count < 0 ? count : error_;
        return true;
    }
    const bool sent_all = sending_ >= 0 && receiving_ < 0 && !has_output();
    return sent_all || error_ < 0 || (waiting_ >= 0 && !would_wait(batch.result(waiting_)));
}

// What a send has led to: some went, or none for now, or the connection has ended.
void Channel::note_sent(int result)
{
    if (result < 0 && !would_wait(result)) {
        error_ = result;
        output_begin_ = output_end_ = 0;
    } else if (result > 0) {
        output_begin_ += static_cast<size_t>(result);
    }
    stuck_ = has_output();
    if (!stuck_) {
        output_begin_ = output_end_ = 0;
        if (ends_output_) {
            shutdown(socket_, SHUT_WR);
            ends_output_ = false;
        }
    }
}

int Channel::receive(char* to, size_t size)
{
    if (input_begin_ == input_end_) {
        return error_ < 0 ? error_ : input_ended_ ? 0 : not_yet;
    }
    const size_t count = std::min(size, input_end_ - input_begin_);
    memcpy(to, input_ + input_begin_, count);
    input_begin_ += count;
    return static_cast<int>(count);
}

// Sends what waits for the batch now; whether all of it went.
bool Channel::send_waiting()
{
    if (has_output()) {
        note_sent(::send(socket_, output_ + output_begin_, output_end_ - output_begin_));
    }
    return !stuck_ && error_ == 0;
}

int Channel::send(const char* from, size_t size)
{
    if (error_ < 0 || stuck_) {
        return error_ < 0 ? error_ : not_yet;
    }
    if (size <= output_bytes - output_end_) {
        memcpy(output_ + output_end_, from, size);
        output_end_ += size;
        return static_cast<int>(size);
    }
    if (!send_waiting()) {
        return error_ < 0 ? error_ : not_yet;
    }
    return ::send(socket_, from, size);
}

int Channel::send_pages(void* run, size_t size)
{
    if (size <= output_bytes - output_end_) {
        return send(static_cast<const char*>(run) + room_in_place, size);
    }
    if (error_ < 0 || stuck_ || !send_waiting()) {
        return error_ < 0 ? error_ : not_yet;
    }
    return send_in_place(socket_, run, size);
}

void Channel::end_output()
{
    ends_output_ = has_output();
    if (!ends_output_) {
        shutdown(socket_, SHUT_WR);
    }
}

void Channel::abort()
{
    if (socket_ >= 0) {
        ::close(socket_);
        socket_ = -1;
    }
}

} // namespace http
