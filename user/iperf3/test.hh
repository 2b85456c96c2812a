// One test: a control connection and the streams of data. It never waits: turn() does what can be
// done, and the server polls for what poll_entries() names.
#pragma once
#include <array>
#include <span>

#include "lib/endpoint.hh"
#include "lib/socket_batch.hh"
#include "user/iperf3/control.hh"
#include "user/iperf3/datagrams.hh"
#include "user/iperf3/pacer.hh"
#include "user/iperf3/results.hh"

namespace iperf {

// Closes a socket, if there is one, and makes it -1.
void close_socket(int& socket);

struct Stream {
    uint32_t id = 0;
    bool to_client = false;
    int socket = -1;                    // TCP's; -1: it has broken, or been closed
    NetAddress address{};               // UDP: of the client's socket
    uint64_t bytes = 0;
    uint64_t datagrams_sent = 0;
    DatagramCounter arrived{};
    Pacer pacer{};                      // of one to the client
};

class Test {
public:
    static constexpr size_t max_entries = 2 + max_streams;

    Test();
    int open();                         // takes memory: 0, or a negative error
    Test(const Test&) = delete;
    Test& operator=(const Test&) = delete;

    // Takes over the control connection of a client whose cookie has come, a non-blocking socket.
    void begin(int socket, const Endpoint& client, const Cookie& cookie, uint16_t port,
               uint64_t now_us);
    bool is_active() const { return control_socket_ >= 0; }

    // Whether a TCP connection with this cookie is one of the streams that are still to come; and
    // then takes it over.
    bool expects_stream(const Cookie& cookie) const;
    void add_stream(int socket, const Endpoint& peer);

    // Fills in what to poll for, and returns how many entries that are: turn() wants them back.
    size_t poll_entries(std::span<pollfd> entries, uint64_t now_us);
    // After poll_entries(): when a turn is due even if nothing is ready.
    uint64_t us_until_turn() const;
    void turn(std::span<const pollfd> entries, uint64_t now_us);

private:
    using Stage = Control::Stage;

    bool is_running() const { return control_.stage() == Stage::running; }
    bool is_datagrams() const { return control_.parameters().udp; }
    std::span<Stream> streams() { return std::span(streams_).first(stream_count_); }

    void receive_control();
    void send_control();
    void follow_control();
    void keep_deadline();
    uint64_t deadline_us() const;
    void open_datagrams();
    Stream& new_stream(const Endpoint& peer);
    void start_if_complete();
    void end_data();
    void report();
    void finish();

    // stream_data.cc
    void move_data(std::span<const pollfd> entries);
    void receive_stream(Stream& stream, int most);
    void send_stream(Stream& stream);
    void receive_datagrams(int batches);
    void take_datagrams(int count);
    void take_datagram(const NetAddress& from, std::span<const char> datagram, uint64_t now_us);
    void greet(const NetAddress& from, bool is_new);
    Stream* stream_of(const NetAddress& from);
    std::byte* put_datagrams(Stream& stream, uint32_t& count);
    void send_datagrams(Stream& stream);

    [[gnu::format(gnu_printf, 2, 3)]] void say(const char* format, ...);

    Control control_{};
    int control_socket_ = -1;
    Endpoint client_{};
    Cookie cookie_{};
    uint16_t port_ = default_port;

    int datagrams_ = -1;                // UDP: one socket for all streams
    SocketBatch batch_{};
    std::array<Stream, max_streams> streams_{};
    uint32_t stream_count_ = 0;
    uint32_t last_stream_ = 0;          // that a datagram came for

    Stage stage_ = Stage::ended;        // that was followed last, and since when
    uint64_t now_us_ = 0, stage_since_us_ = 0;
    uint64_t moved_us_ = 0;             // when data moved last
    bool omitting_ = false;             // what is sent now does not count
    uint64_t start_us_ = 0, elapsed_us_ = 0;
    uint64_t cpu_us_ = 0;               // of this program: at the start, then in all

    std::array<StreamResult, max_streams> results_{};
    std::array<char, 32 * 1024> output_storage_{};
    TextBuffer output_{output_storage_};        // what has been printed of this test
};

} // namespace iperf
