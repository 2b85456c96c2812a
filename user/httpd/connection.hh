// One client of the web server: a state machine that never waits.
//
//     receiving --request complete--> sending --sent, keep alive--> receiving
//                                        |
//                                        +--sent, last one--> lingering --client is done--> closing
//
// Closing: what the client is still owed goes with the next batch, then the socket is closed.
// Lingering: our direction is closed, and what the client still sends is read and dropped.
// Closing at once would reset the connection, and the client might never see the answer.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "inc/types.hh"
#include "lib/endpoint.hh"
#include "user/httpd/channel.hh"
#include "user/httpd/clock.hh"
#include "user/httpd/file_body.hh"
#include "user/httpd/generated_body.hh"
#include "user/httpd/request.hh"
#include "user/httpd/response.hh"

namespace http {

class AccessLog;

// What all connections use.
struct Shared {
    FileCache& files;
    AccessLog& log;
    std::string_view root = "/www";     // the directory that is served
    bool lists_root = false;            // else "/" is a page of ours with status 404
};

class Connection {
public:
    // Of address space that a connection maps pages in: a file's or a list's.
    static constexpr size_t region_bytes =
        std::max(FileBody::window_pages * page_size, DirectoryList::region_bytes);

    // Takes over a non-blocking socket of the client with this address. `memory`: Channel::bytes of
    // the batch's.
    void open(int socket, const Endpoint& client, uintptr_t region, std::byte* memory, Moment now,
              Shared& shared);
    void abort();                       // ends it, whatever its client is still owed

    // Adds what it waits for to the batch; false: nothing, it wants another turn at once.
    bool ask(SocketBatch& batch);
    // Takes the batch's results and does what can be done without waiting, and no more than a
    // turn's worth of it.
    void turn(const SocketBatch& batch, Moment now);

    bool in_use() const { return state_ != State::closed; }
    uint32_t deadline_ms() const { return deadline_; }      // when to end it

    // For how long its client has kept it waiting: where places are few, such clients go first.
    // 0: it must not be closed yet.
    uint32_t overdue_ms(Moment now) const;

private:
    enum class State { closed, receiving, sending, lingering, closing };
    enum class Progress { made, none };
    static constexpr size_t part_head_bytes = 256;

    Progress receive();
    Progress send();
    Progress linger();
    void close();
    Progress receive_more();
    bool send_bytes(const char* bytes, size_t size, size_t& sent);

    // answer.cc
    void answer(const Request& request);
    void answer_invalid(int status);
    void answer_target(const Request& request);
    void answer_directory(const Request& request, const FilePath& path);
    void answer_generated(const Request& request, const char* type);
    void answer_file(const Request& request);
    void answer_plain();
    bool answer_conditions(const Request& request, ResponseHead& head);
    void answer_parts(ResponseHead& head);
    void answer_page(ResponseHead head);
    void answer_text(ResponseHead head, std::string_view page);
    void begin(ResponseHead head);
    void attach_file();

    void wait_for_client(uint32_t limit_ms);
    bool next_piece();
    bool next_part();
    bool next_generated();
    void end_body();
    void finish_response();
    void start_lingering();
    void drop_input(size_t count);

    State state_ = State::closed;
    Channel channel_{};
    Moment now_{};                      // of this turn
    uint32_t deadline_ = 0;
    uint32_t waits_since_ms_ = 0;       // for a request, or for its client to take more
    uintptr_t region_ = 0;
    bool turn_over_ = false;            // the last turn ended with work left
    bool keep_alive_ = false;
    bool with_body_ = false;            // the request is not HEAD
    bool answered_ = false;             // at least one request
    Endpoint client_{};
    Shared* shared_ = nullptr;
    int status_ = 0;                    // of the answer, for the log
    uint64_t body_bytes_ = 0;

    size_t input_used_ = 0;
    size_t input_parsed_ = 0;           // how much of it was there when it was parsed last
    uint64_t body_left_ = 0;            // of a request's body, still to be dropped
    size_t output_used_ = 0;
    size_t output_sent_ = 0;

    // The body: after the output comes what is left() of the file, then the next piece.
    FileBody file_{};
    GeneratedBody generated_{};
    bool chunked_ = false;              // generated_ goes in chunks
    bool multipart_ = false;            // several ranges of file_:
    RangeSet parts_{};
    size_t next_part_ = 0;              //   the last one is the end mark
    const char* part_type_ = nullptr;
    char boundary_[24] = {};

    char input_[max_head_bytes] = {};
    char output_[8192] = {};
};

} // namespace http
