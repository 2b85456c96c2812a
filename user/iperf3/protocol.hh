// What iperf3's client and server say to each other, as the client of version 3.12 does it.
//
// The client opens a control connection and sends a cookie of its own. From then on the server
// names the states, a byte each, and sizes stand before JSON texts as four bytes, most significant
// first:
//
//     client                                      server
//     cookie                                  ->
//                                             <-  param_exchange
//     size, parameters                        ->
//                                             <-  create_streams
//     TCP: a connection a stream, its cookie  ->
//     UDP: a datagram a stream                <-> and an answer
//                                             <-  test_start, test_running
//     ... data ...
//     test_end                                ->
//                                             <-  exchange_results
//     size, results                           ->
//                                             <-  size, results, display_results
//     iperf_done                              ->
#pragma once
#include <array>
#include <cstdint>
#include <span>

#include "inc/types.hh"

namespace iperf {

inline constexpr uint16_t default_port = 5201;

// Numbers of 32 bits, most significant byte first: in the first four of the bytes.
inline void put_number(std::span<char> to, uint32_t value)
{
    for (size_t i = 0; i < sizeof value; i++) {
        to[i] = static_cast<char>(value >> (24 - 8 * i));
    }
}
inline uint32_t number_at(std::span<const char> from)
{
    uint32_t value = 0;
    for (size_t i = 0; i < sizeof value; i++) {
        value = value << 8 | static_cast<unsigned char>(from[i]);
    }
    return value;
}

enum class State : int8_t {
    server_error = -2,                  // two numbers of 32 bits follow: Complaint, errno
    access_denied = -1,                 // another client is being served
    test_start = 1,
    test_running = 2,
    test_end = 4,
    param_exchange = 9,
    create_streams = 10,
    server_terminate = 11,
    client_terminate = 12,
    exchange_results = 13,
    display_results = 14,
    iperf_done = 16,
};

// What a client shows for a server_error.
enum class Complaint : uint32_t {
    duration = 5,                       // test duration too long (maximum = 86400 seconds)
    streams = 6,                        // number of parallel streams too large (maximum = 128)
    block_size = 7,                     // block size too large (maximum = 1048576 bytes)
    omit = 12,                          // bogus value for --omit
    not_implemented = 13,               // an option you are trying to set is not implemented yet
    burst = 15,                         // invalid burst count (maximum = 1000)
    no_sctp = 18,                       // no SCTP support available
    datagram_size = 20,                 // block size invalid (minimum = 16, maximum = 65507)
    both_directions = 25,               // cannot be both reverse and bidirectional
    unknown_message = 110,              // received an unknown control message
    receive_parameters = 114,           // unable to receive parameters from client
    receive_results = 117,              // unable to receive results
    server_ended = 120,                 // the server has terminated
    idle = 144,                         // idle timeout for receiving data
};

// Text that the client makes up, with a zero behind it.
using Cookie = std::array<char, 37>;

inline constexpr uint32_t max_streams = 128;
inline constexpr uint32_t max_block_bytes = 1 << 20;
inline constexpr uint32_t min_datagram_bytes = 16, max_datagram_bytes = 65507;
inline constexpr uint32_t max_duration_s = 86400, max_omit_s = 600, max_burst_blocks = 1000;

// The number that the client gives to the stream that was opened as the `index`th, from 0: there
// is no 2.
constexpr uint32_t stream_id(uint32_t index) { return index == 0 ? 1 : index + 2; }

// A stream of datagrams begins with one of these from the client, in its own byte order, and is
// answered with four bytes.
inline constexpr size_t greeting_bytes = 4;
inline constexpr std::array<char, greeting_bytes> greeting_answer = {'6', '7', '8', '9'};

} // namespace iperf
