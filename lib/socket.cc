// The socket calls over requests to the network server.
#include "lib/socket.hh"

#include "inc/mmu.h"
#include "inc/string.hh"
#include "lib/socket_address.hh"
#include "lib/socket_request.hh"
#include "net/descriptor.hh"

namespace {

// Makes a request with no bytes about the descriptor `number`.
template <typename Fill> int simple_call(int number, uint32_t code, Fill fill)
{
    Fd* fd = nullptr;
    if (const int result = find_socket(number, &fd); result < 0) {
        return result;
    }
    SocketRequest request = request_for(*fd);
    fill(request);
    return call_network(code, request);
}

int family_of(const Fd& fd)
{
    const uint32_t family = reinterpret_cast<const SocketDescriptor&>(fd).family;
    return family == family_ipv6 ? AF_INET6 : AF_INET;
}

// Writes the address of the last answer, which was about `fd`, to the caller.
void write_address(const Fd& fd, sockaddr* to, socklen_t* length)
{
    write_socket_address(shared_request().address, family_of(fd), to, length);
}

// Makes a request whose answer brings a new socket's page (which fork shares, as descriptors are),
// and returns its descriptor's number.
int open_call(uint32_t code, const SocketRequest& request)
{
    Fd* fd = nullptr;
    if (const int result = fd_alloc(&fd); result < 0) {
        return result;
    }
    const PageRun window = PageRun::at(reinterpret_cast<uintptr_t>(fd), 1);
    if (const int result = call_network(code, request, 0, window); result < 0) {
        return result;
    }
    return fd2num(fd);
}

// One request's worth of a send: at most max_request_bytes of it.
int send_part(SocketRequest& request, const void* data, size_t size)
{
    if (const int result = have_request_pages(); result < 0) {
        return result;
    }
    memcpy(shared_bytes(), data, size);
    request.size = static_cast<uint32_t>(size);
    return call_network(NSREQ_SEND, request, size);
}

// A stream's send: as many requests as it takes. After the first bytes an error means that only
// these went.
int send_all(SocketRequest& request, const std::byte* data, size_t size)
{
    size_t sent = 0;
    do {
        const size_t part = size - sent < max_request_bytes ? size - sent : max_request_bytes;
        const int result = send_part(request, data + sent, part);
        if (result < 0) {
            return sent > 0 ? static_cast<int>(sent) : result;
        }
        sent += static_cast<size_t>(result);
        if (static_cast<size_t>(result) < part) {
            break;
        }
    } while (sent < size);
    return static_cast<int>(sent);
}

bool is_stream(const Fd& fd)
{
    return reinterpret_cast<const SocketDescriptor&>(fd).kind == socket_stream;
}

int send_to(Fd& fd, const void* data, size_t size, int flags, const sockaddr* to,
            socklen_t length)
{
    SocketRequest request = request_for(fd, flags);
    if (to != nullptr) {
        if (const int result = read_socket_address(to, length, &request.address); result < 0) {
            return result;
        }
        request.flags |= request_has_address;
    }
    if (is_stream(fd)) {
        return send_all(request, static_cast<const std::byte*>(data), size);
    }
    if (size > max_request_bytes) {
        return to_abi(Error::message_size);
    }
    return send_part(request, data, size);
}

int receive_from(Fd& fd, void* data, size_t size, int flags, sockaddr* from, socklen_t* length)
{
    SocketRequest request = request_for(fd, flags);
    const size_t limit = size < max_request_bytes ? size : max_request_bytes;
    request.size = static_cast<uint32_t>(limit);
    const int count = call_network(NSREQ_RECV, request, limit);
    if (count > 0) {
        memcpy(data, shared_bytes(), static_cast<size_t>(count));
    }
    if (count >= 0) {
        write_address(fd, from, length);
    }
    return count;
}

ssize_t socket_read(Fd& fd, void* buffer, size_t size)
{
    return receive_from(fd, buffer, size, 0, nullptr, nullptr);
}

ssize_t socket_write(Fd& fd, const void* buffer, size_t size)
{
    return send_to(fd, buffer, size, 0, nullptr, 0);
}

// Lets go of the page first: the server ends the socket if we were the last to hold it.
int socket_close(Fd& fd)
{
    const SocketRequest request = request_for(fd);
    sys_page_unmap(0, &fd);
    return call_network(NSREQ_CLOSE, request);
}

int socket_stat(Fd&, Stat& stat)
{
    strlcpy(stat.st_name, "<socket>", sizeof(stat.st_name));
    return 0;
}

} // namespace

constinit const Device socket_device = {socket_device_id, "socket", socket_read, socket_write, socket_close,
                                        socket_stat, nullptr};

int socket(int domain, int type, int protocol)
{
    SocketRequest request;
    if (domain != AF_INET && domain != AF_INET6) {
        return to_abi(Error::not_supported);
    }
    request.argument[1] = domain == AF_INET6 ? family_ipv6 : family_ipv4;
    if (type == SOCK_STREAM && (protocol == 0 || protocol == IPPROTO_TCP)) {
        request.argument[0] = socket_stream;
    } else if (type == SOCK_DGRAM && (protocol == 0 || protocol == IPPROTO_UDP)) {
        request.argument[0] = socket_datagram;
    } else if (type == SOCK_RAW
               && protocol == (domain == AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP)) {
        request.argument[0] = socket_icmp;
    } else {
        return to_abi(Error::not_supported);
    }
    return open_call(NSREQ_SOCKET, request);
}

int bind(int number, const sockaddr* address, socklen_t length)
{
    NetAddress own;
    if (const int result = read_socket_address(address, length, &own); result < 0) {
        return result;
    }
    return simple_call(number, NSREQ_BIND, [&](SocketRequest& request) { request.address = own; });
}

int listen(int number, int backlog)
{
    return simple_call(number, NSREQ_LISTEN, [&](SocketRequest& request) {
        request.argument[0] = backlog < 0 ? 0 : static_cast<uint32_t>(backlog);
    });
}

int accept(int number, sockaddr* address, socklen_t* length)
{
    Fd* fd = nullptr;
    if (const int result = find_socket(number, &fd); result < 0) {
        return result;
    }
    const int accepted = open_call(NSREQ_ACCEPT, request_for(*fd));
    if (accepted >= 0) {
        write_address(*fd, address, length);
    }
    return accepted;
}

int connect(int number, const sockaddr* address, socklen_t length)
{
    NetAddress peer;
    if (const int result = read_socket_address(address, length, &peer); result < 0) {
        return result;
    }
    return simple_call(number, NSREQ_CONNECT,
                       [&](SocketRequest& request) { request.address = peer; });
}

int sendto(int number, const void* data, size_t size, int flags, const sockaddr* to,
           socklen_t length)
{
    Fd* fd = nullptr;
    if (const int result = find_socket(number, &fd); result < 0) {
        return result;
    }
    return send_to(*fd, data, size, flags, to, length);
}

int send(int number, const void* data, size_t size, int flags)
{
    return sendto(number, data, size, flags, nullptr, 0);
}

static_assert(room_in_place == sizeof(SocketRequest) && max_in_place == max_request_bytes);

int send_in_place(int number, void* run, size_t size)
{
    Fd* fd = nullptr;
    if (const int result = find_socket(number, &fd); result < 0) {
        return result;
    }
    if (!is_stream(*fd) || size > max_in_place
        || reinterpret_cast<uintptr_t>(run) % page_size != 0) {
        return to_abi(Error::invalid_argument);
    }
    auto* request = static_cast<SocketRequest*>(run);
    *request = request_for(*fd);
    request->size = static_cast<uint32_t>(size);
    return call_network_at(request, NSREQ_SEND, size);
}

int recvfrom(int number, void* data, size_t size, int flags, sockaddr* from, socklen_t* length)
{
    Fd* fd = nullptr;
    if (const int result = find_socket(number, &fd); result < 0) {
        return result;
    }
    return receive_from(*fd, data, size, flags, from, length);
}

int recv(int number, void* data, size_t size, int flags)
{
    return recvfrom(number, data, size, flags, nullptr, nullptr);
}

int shutdown(int number, int how)
{
    return simple_call(number, NSREQ_SHUTDOWN, [&](SocketRequest& request) {
        request.argument[0] = static_cast<uint32_t>(how);
    });
}

static int name_call(int number, uint32_t which, sockaddr* address, socklen_t* length)
{
    Fd* fd = nullptr;
    if (const int result = find_socket(number, &fd); result < 0) {
        return result;
    }
    SocketRequest request = request_for(*fd);
    request.argument[0] = which;
    const int result = call_network(NSREQ_NAME, request);
    if (result >= 0) {
        write_address(*fd, address, length);
    }
    return result;
}

int getsockname(int number, sockaddr* address, socklen_t* length)
{
    return name_call(number, 0, address, length);
}

int getpeername(int number, sockaddr* address, socklen_t* length)
{
    return name_call(number, 1, address, length);
}

// Reads an option's value: an int, or the group that is to be joined or left.
static int read_option(int level, int option, const void* value, socklen_t length,
                       SocketRequest* request)
{
    const bool ip4_group = level == IPPROTO_IP
        && (option == IP_ADD_MEMBERSHIP || option == IP_DROP_MEMBERSHIP);
    const bool ip6_group = level == IPPROTO_IPV6
        && (option == IPV6_JOIN_GROUP || option == IPV6_LEAVE_GROUP);
    const size_t size = ip4_group ? sizeof(ip_mreq) : ip6_group ? sizeof(ipv6_mreq) : sizeof(int);
    if (value == nullptr || length != size) {
        return to_abi(Error::invalid_argument);
    }
    if (ip4_group) {
        request->address = net_address(static_cast<const ip_mreq*>(value)->imr_multiaddr);
    } else if (ip6_group) {
        request->address = net_address(static_cast<const ipv6_mreq*>(value)->ipv6mr_multiaddr);
    } else {
        memcpy(&request->argument[2], value, sizeof(int));
    }
    return 0;
}

int setsockopt(int number, int level, int option, const void* value, socklen_t length)
{
    SocketRequest wanted;
    if (const int result = read_option(level, option, value, length, &wanted); result < 0) {
        return result;
    }
    return simple_call(number, NSREQ_SET_OPTION, [&](SocketRequest& request) {
        request.argument[0] = static_cast<uint32_t>(level);
        request.argument[1] = static_cast<uint32_t>(option);
        request.argument[2] = wanted.argument[2];
        request.address = wanted.address;
    });
}

int getsockopt(int number, int level, int option, void* value, socklen_t* length)
{
    if (value == nullptr || length == nullptr || *length < sizeof(int)) {
        return to_abi(Error::invalid_argument);
    }
    const int result = simple_call(number, NSREQ_GET_OPTION, [&](SocketRequest& request) {
        request.argument[0] = static_cast<uint32_t>(level);
        request.argument[1] = static_cast<uint32_t>(option);
    });
    if (result < 0) {
        return result;
    }
    memcpy(value, &result, sizeof(result));
    *length = sizeof(result);
    return 0;
}

int set_nonblocking(int number, bool nonblocking)
{
    Fd* fd = nullptr;
    if (const int result = find_socket(number, &fd); result < 0) {
        return result;
    }
    if (nonblocking) {
        fd->fd_omode |= O_NONBLOCK;
    } else {
        fd->fd_omode &= ~static_cast<uint32_t>(O_NONBLOCK);
    }
    return 0;
}

int network_status(NetworkStatus* status)
{
    const int result = call_network(NSREQ_STATUS, {}, sizeof *status);
    if (result == 0) {
        memcpy(status, shared_bytes(), sizeof *status);
    }
    return result;
}
