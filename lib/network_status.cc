#include "lib/network_status.hh"

#include "inc/string.hh"
#include "lib/socket_request.hh"

int list_sockets(SocketInfo* list, uint32_t limit)
{
    limit = limit < max_listed_sockets ? limit : max_listed_sockets;
    SocketRequest request;
    request.size = limit * static_cast<uint32_t>(sizeof(SocketInfo));
    const int count = call_network(NSREQ_SOCKETS, request, request.size);
    if (count > 0) {
        memcpy(list, shared_bytes(), static_cast<size_t>(count) * sizeof(SocketInfo));
    }
    return count;
}

int interface_info(InterfaceInfo* info)
{
    SocketRequest request;
    request.size = sizeof(*info);
    const int result = call_network(NSREQ_INTERFACE, request, request.size);
    if (result == 0) {
        memcpy(info, shared_bytes(), sizeof(*info));
    }
    return result;
}
