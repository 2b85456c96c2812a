#include "lib/endpoint.hh"

#include "inc/string.hh"

static_assert(__builtin_offsetof(sockaddr_in, sin_port) == __builtin_offsetof(sockaddr_in6, sin6_port));

Endpoint Endpoint::any(int family, in_port_t port)
{
    Endpoint result;
    result.storage_.sin6_family = static_cast<uint16_t>(family);
    result.set_port(port);
    return result;
}

Endpoint Endpoint::of(const sockaddr_in& address)
{
    Endpoint result;
    memcpy(static_cast<void*>(&result.storage_), &address, sizeof address);
    return result;
}

Endpoint Endpoint::of(const sockaddr_in6& address)
{
    Endpoint result;
    result.storage_ = address;
    return result;
}

sockaddr* Endpoint::to_fill()
{
    filled_ = sizeof storage_;
    return reinterpret_cast<sockaddr*>(&storage_);
}

bool Endpoint::is_same_host(const Endpoint& other) const
{
    if (family() != other.family()) {
        return false;
    }
    if (family() == AF_INET) {
        const auto& own = reinterpret_cast<const sockaddr_in&>(storage_);
        return own.sin_addr.s_addr
            == reinterpret_cast<const sockaddr_in&>(other.storage_).sin_addr.s_addr;
    }
    return memcmp(&storage_.sin6_addr, &other.storage_.sin6_addr, sizeof storage_.sin6_addr) == 0;
}

const char* Endpoint::text() const
{
    const in6_addr& ip6 = storage_.sin6_addr;
    if (family() == AF_INET) {
        inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(&storage_)->sin_addr, text_,
                  sizeof text_);
    } else if (is_mapped_ipv4(ip6)) {
        inet_ntop(AF_INET, &ip6.s6_addr[12], text_, sizeof text_);
    } else {
        inet_ntop(AF_INET6, &ip6, text_, sizeof text_);
    }
    return text_;
}
