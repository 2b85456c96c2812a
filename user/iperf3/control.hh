// The server's side of a control connection, as a state machine that knows no sockets: it is given
// what the client sends, and says what the client is to be sent. No system calls.
#pragma once
#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "lib/json.hh"
#include "lib/text_buffer.hh"
#include "user/iperf3/parameters.hh"
#include "user/iperf3/protocol.hh"

namespace iperf {

class Control {
public:
    enum class Stage {
        parameters,                     // the client is to send what it wants
        streams,                        // it opens its streams: start() when all are there
        running,                        // data, until the client has had enough
        results,                        // the client is to send its results
        report,                         // it waits for ours: report()
        showing,                        // it shows them, and is to say that it is done
        ended,
    };

    // The client has sent its cookie.
    void begin();

    Stage stage() const { return stage_; }
    // Why it ended before its time; null if it did not.
    const char* failure() const { return failure_; }

    // Where the bytes that come next are to go, in this order and no more than that; never empty.
    std::span<char> room();
    void received(size_t count);        // that many have been put there
    void closed();                      // no more will come

    // What the client is to be sent now.
    std::string_view to_send() const;
    void sent(size_t count) { sent_ += count; }

    const Parameters& parameters() const { return parameters_; }        // from Stage::streams on
    // From Stage::report on. The client's numbers: for us to show, not to trust.
    json::Value results() const { return *json::Value::parse(text()); }

    void start();
    // `write` puts our results into a TextBuffer as JSON.
    template <typename Write> void report(Write write)
    {
        TextBuffer text = begin_text();
        write(text);
        end_text(text);
    }
    // Ends the test; the client is told, unless it has gone.
    void fail(const Refusal& refusal);

    static constexpr size_t max_text_bytes = 64 * 1024;

private:
    enum class Reading { state, size, text };
    using Size = std::array<char, sizeof(uint32_t)>;

    void read_state(State state);
    void read_size();
    void read_text();
    void expect_state();
    void expect_text();
    void put_state(State state);
    void put_number(uint32_t value);
    std::string_view text() const { return {text_.data(), text_bytes_}; }
    TextBuffer begin_text();
    void end_text(const TextBuffer& text);

    Stage stage_ = Stage::ended;
    const char* failure_ = nullptr;
    Parameters parameters_{};

    Reading reading_ = Reading::state;
    size_t wanted_ = 1, received_ = 0;  // bytes of what is being read
    Size head_{};                       // a state or a size
    size_t text_bytes_ = 0;
    size_t to_send_ = 0, sent_ = 0;     // bytes of output_

    static constexpr size_t complaint_bytes = 1 + 4 + 4;
    std::array<char, max_text_bytes> text_{};
    // Everything that a client is sent in one test: there is always room for it.
    static constexpr size_t states_bytes = 16;
    std::array<char, states_bytes + 4 + max_text_bytes + complaint_bytes> output_{};
};

} // namespace iperf
