// The errors of kernel, servers and programs. The ABI carries -code; code 0 is success.
#pragma once
#include <cstdint>

// name, code, text: the one list. The first fifteen codes are JOS's, in its order.
#define JOS_ERRORS(X) \
    X(unspecified, 1, "unspecified error") \
    X(bad_env, 2, "bad environment") \
    X(invalid_argument, 3, "invalid parameter") \
    X(no_memory, 4, "out of memory") \
    X(no_free_env, 5, "out of environments") \
    X(fault, 6, "bad address") \
    X(ipc_not_receiving, 7, "env is not recving") \
    X(end_of_file, 8, "unexpected end of file") \
    X(no_disk, 9, "no free space on disk") \
    X(max_open, 10, "too many files are open") \
    X(not_found, 11, "file or block not found") \
    X(bad_path, 12, "invalid path") \
    X(exists, 13, "file already exists") \
    X(not_executable, 14, "file is not a valid executable") \
    X(not_supported, 15, "operation not supported") \
    X(try_again, 16, "resource temporarily unavailable") \
    X(timed_out, 17, "timed out") \
    X(peer_died, 18, "the other environment has ended") \
    X(not_permitted, 19, "operation not permitted") \
    X(no_device, 20, "no such device") \
    X(io, 21, "input/output error") \
    X(bad_descriptor, 22, "bad file descriptor") \
    X(is_directory, 23, "is a directory") \
    X(not_directory, 24, "not a directory") \
    X(too_big, 25, "too big") \
    X(corrupt, 26, "file system is damaged") \
    X(not_connected, 27, "socket is not connected") \
    X(already_connected, 28, "socket is already connected") \
    X(address_in_use, 29, "address already in use") \
    X(connection_refused, 30, "connection refused") \
    X(connection_reset, 31, "connection reset by peer") \
    X(connection_aborted, 32, "connection aborted") \
    X(host_unreachable, 33, "no route to host") \
    X(message_size, 34, "message too long") \
    X(broken_pipe, 35, "broken pipe") \
    X(in_progress, 36, "operation now in progress") \
    X(not_empty, 37, "directory not empty") \
    X(link_down, 38, "network link is down") \
    X(network_unreachable, 39, "network is unreachable")

enum class Error : int32_t {
#define X(name, code, text) name = code,
    JOS_ERRORS(X)
#undef X
};

// The negative number that the ABI carries for `error`.
constexpr int32_t to_abi(Error error) { return -static_cast<int32_t>(error); }

// The error's text, for an error code of either sign; "unknown error" if there is none.
constexpr const char* error_text(int32_t code)
{
    switch (code < 0 ? -code : code) {
#define X(name, number, text) case number: return text;
    JOS_ERRORS(X)
#undef X
    default: return "unknown error";
    }
}
