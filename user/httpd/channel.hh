// One connection's way to its client: what it receives and the small things it sends go with the
// batch of the server's turn (lib/socket_batch.hh), and large ones by calls of their own.
#pragma once
#include <cstddef>
#include <cstdint>

#include "lib/socket_batch.hh"

namespace http {

class Channel {
public:
    // Of the batch's memory that a channel uses.
    static constexpr size_t input_bytes = 1024, output_bytes = 1432;
    static constexpr size_t bytes = input_bytes + output_bytes;

    // Takes over a non-blocking socket. `memory`: bytes of the batch's.
    void open(int socket, std::byte* memory);
    bool is_open() const { return socket_ >= 0; }

    // Adds to the batch what is to be sent, and a wait for input, or, if not `for_input`, for room
    // to send more.
    void ask(SocketBatch& batch, bool for_input);
    // Takes the results; returns whether there is something to do for who uses the channel.
    bool take(const SocketBatch& batch);

    // Bytes that have come, as many as fit: try_again: none yet; 0: the client has sent its last;
    // or how the connection ended.
    int receive(char* to, size_t size);

    // Takes bytes to be sent: try_again: the client must take others first; or how the connection
    // ended. The second form sends pages as send_in_place does (lib/socket.hh).
    int send(const char* from, size_t size);
    int send_pages(void* run, size_t size);

    // Nothing more will be sent after what has been taken.
    void end_output();

    // Closes the socket with a batch, when all that was taken is sent; the channel is not open any
    // more then. `abort` closes it at once.
    void close() { closes_ = true; }
    void abort();

private:
    bool send_waiting();
    void note_sent(int result);
    bool has_output() const { return output_begin_ < output_end_; }

    int socket_ = -1;
    std::byte* input_ = nullptr;
    std::byte* output_ = nullptr;
    size_t input_begin_ = 0, input_end_ = 0;
    size_t output_begin_ = 0, output_end_ = 0;
    int error_ = 0;                         // how the connection ended
    bool input_ended_ = false;              // the client has sent its last
    bool stuck_ = false;                    // the client did not take all
    bool ends_output_ = false, closes_ = false;
    int sending_ = -1, receiving_ = -1, waiting_ = -1;      // calls of the batch
};

} // namespace http
