// Host names to addresses, over the network server.
#include "inc/string.hh"
#include "lib/socket.hh"
#include "lib/socket_request.hh"

int resolve(const char* name, in_addr* address)
{
    if (inet_aton(name, address) != 0) {
        return 0;
    }
    size_t size = strlen(name);
    if (size > 1 && name[size - 1] == '.') {
        size--;                         // the root's dot, which a complete name may end with
    }
    if (size == 0 || size > max_name_bytes) {
        return to_abi(Error::invalid_argument);
    }
    if (const int result = have_request_pages(); result < 0) {
        return result;
    }
    memcpy(shared_bytes(), name, size);
    SocketRequest request;
    request.size = static_cast<uint32_t>(size);
    const int result = call_network(NSREQ_RESOLVE, request, size);
    if (result == 0) {
        address->s_addr = htonl(shared_request().address.ip);
    }
    return result;
}
