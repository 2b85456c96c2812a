#include "user/iperf3/control.hh"

namespace iperf {

void Control::begin()
{
    stage_ = Stage::parameters;
    failure_ = nullptr;
    parameters_ = {};
    text_bytes_ = to_send_ = sent_ = 0;
    put_state(State::param_exchange);
    expect_text();
}

std::span<char> Control::room()
{
    const std::span<char> whole = reading_ == Reading::text ? std::span<char>(text_) : head_;
    return whole.subspan(received_, wanted_ - received_);
}

void Control::expect_state()
{
    reading_ = Reading::state;
    wanted_ = 1;
    received_ = 0;
}

void Control::expect_text()
{
    reading_ = Reading::size;
    wanted_ = sizeof(uint32_t);
    received_ = 0;
}

void Control::received(size_t count)
{
    received_ += count;
    if (received_ < wanted_) {
        return;
    }
    const Reading finished = reading_;
    expect_state();
    switch (finished) {
    case Reading::state: read_state(static_cast<State>(head_[0])); break;
    case Reading::size: read_size(); break;
    case Reading::text: read_text(); break;
    }
}

void Control::read_size()
{
    const uint32_t size = number_at(head_);
    if (size == 0 || size > max_text_bytes) {
        const bool first = stage_ == Stage::parameters;
        return fail({first ? Complaint::receive_parameters : Complaint::receive_results,
                     first ? "the client's parameters are empty, or longer than 64 KiB"
                           : "the client's results are empty, or longer than 64 KiB"});
    }
    reading_ = Reading::text;
    wanted_ = text_bytes_ = size;
}

void Control::read_text()
{
    if (stage_ == Stage::parameters) {
        const auto wanted = read_parameters(text());
        if (!wanted) {
            return fail(wanted.error());
        }
        parameters_ = *wanted;
        stage_ = Stage::streams;
        put_state(State::create_streams);
        return;
    }
    const auto results = json::Value::parse(text());
    if (!results || !results->is_object()) {
        return fail({Complaint::receive_results, "the client's results are not a JSON object"});
    }
    stage_ = Stage::report;
}

void Control::read_state(State state)
{
    if (state == State::client_terminate) {
        failure_ = "the client has ended the test";
        stage_ = Stage::ended;
    } else if (state == State::test_end && stage_ == Stage::running) {
        stage_ = Stage::results;
        put_state(State::exchange_results);
        expect_text();
    } else if (state == State::iperf_done && stage_ == Stage::showing) {
        stage_ = Stage::ended;
    } else {
        fail({Complaint::unknown_message, "the client has sent what it must not send now"});
    }
}

void Control::closed()
{
    static constexpr const char* texts[] = {
        "the client has gone before it sent its parameters",
        "the client has gone before all streams were there",
        "the client has gone in the middle of the test",
        "the client has gone before it sent its results",
        "the client has gone before it got our results",
        "the client has gone before it said that it was done",
    };
    if (stage_ != Stage::ended) {
        failure_ = texts[static_cast<size_t>(stage_)];
        stage_ = Stage::ended;
    }
    sent_ = to_send_;
}

std::string_view Control::to_send() const
{
    return {output_.data() + sent_, to_send_ - sent_};
}

void Control::put_state(State state)
{
    output_[to_send_++] = static_cast<char>(state);
}

void Control::put_number(uint32_t value)
{
    iperf::put_number(std::span(output_).subspan(to_send_), value);
    to_send_ += sizeof value;
}

void Control::start()
{
    stage_ = Stage::running;
    put_state(State::test_start);
    put_state(State::test_running);
}

TextBuffer Control::begin_text()
{
    return TextBuffer(std::span(output_).subspan(to_send_ + sizeof(uint32_t), max_text_bytes));
}

void Control::end_text(const TextBuffer& text)
{
    put_number(static_cast<uint32_t>(text.size()));
    to_send_ += text.size();
    put_state(State::display_results);
    stage_ = Stage::showing;
}

void Control::fail(const Refusal& refusal)
{
    if (stage_ == Stage::ended) {
        return;
    }
    failure_ = refusal.text;
    stage_ = Stage::ended;
    put_state(State::server_error);
    put_number(static_cast<uint32_t>(refusal.complaint));
    put_number(0);
}

} // namespace iperf
