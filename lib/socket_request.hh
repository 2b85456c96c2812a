// For the socket library alone: requests to the network server (net/protocol.hh) and the pages
// that they travel in.
#pragma once
#include "lib/fd.hh"
#include "lib/ipc.hh"
#include "net/protocol.hh"

// The request pages: header, then bytes. What an answer brought stays until the next request.
constexpr uintptr_t request_pages = 0xD1800000;     // above what lib/file.cc maps
static_assert(request_pages >= fd_table + max_fds * page_size);
inline SocketRequest& shared_request() { return *reinterpret_cast<SocketRequest*>(request_pages); }
inline std::byte* shared_bytes() { return reinterpret_cast<std::byte*>(&shared_request() + 1); }

// Sees to it that the pages are there, and not another environment's. Returns 0 or no_memory.
int have_request_pages();

// Makes the request, with room for `bytes` bytes behind the header (what stands there travels
// along), and returns the answer. `window`: where a descriptor page that comes with it goes.
int call_network(uint32_t code, const SocketRequest& request, size_t bytes = 0,
                 PageRun window = {});

// The same with the request at the start of pages of the caller's own.
int call_network_at(SocketRequest* request, uint32_t code, size_t bytes, PageRun window = {});

// A request about the socket `fd`; MSG_* flags.
SocketRequest request_for(const Fd& fd, int flags = 0);

// Sets *fd to the socket's descriptor. Returns 0, or bad_descriptor.
int find_socket(int number, Fd** fd);
