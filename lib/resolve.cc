// Host names to addresses, over the network server.
#include "inc/string.hh"
#include "lib/endpoint.hh"
#include "lib/socket_address.hh"
#include "lib/socket_request.hh"

namespace {

// "fe80::1%en0" names the link of a link-local address. There is one link: the name counts for
// nothing.
bool read_ip6(const char* text, in6_addr* address)
{
    char plain[INET6_ADDRSTRLEN];
    size_t size = 0;
    for (; text[size] != '\0' && text[size] != '%'; size++) {
        if (size + 1 == sizeof plain) {
            return false;
        }
        plain[size] = text[size];
    }
    plain[size] = '\0';
    return inet_pton(AF_INET6, plain, address) == 1;
}

// Whether `name` is an address of the family.
bool read_address_text(const char* name, int family, Endpoint* endpoint)
{
    sockaddr_in in = socket_address(0, 0);
    if (family != AF_INET6 && inet_aton(name, &in.sin_addr) != 0) {
        *endpoint = Endpoint::of(in);
        return true;
    }
    sockaddr_in6 in6;
    in6.sin6_family = AF_INET6;
    if (family != AF_INET && read_ip6(name, &in6.sin6_addr)) {
        *endpoint = Endpoint::of(in6);
        return true;
    }
    return false;
}

uint32_t number_of(int family)
{
    return family == AF_INET ? family_ipv4 : family == AF_INET6 ? family_ipv6 : 0;
}

} // namespace

int resolve(const char* name, int family, Endpoint* endpoint)
{
    if (read_address_text(name, family, endpoint)) {
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
    request.argument[0] = number_of(family);
    const int result = call_network(NSREQ_RESOLVE, request, size);
    if (result == 0) {
        const NetAddress& found = shared_request().address;
        write_socket_address(found, found.is_ipv6 != 0 ? AF_INET6 : AF_INET, endpoint->to_fill(),
                             endpoint->size_to_fill());
    }
    return result;
}
