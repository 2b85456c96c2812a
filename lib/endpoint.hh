// An Internet address of either kind with a port: what socket calls take and fill in.
#pragma once
#include "lib/socket.hh"

class Endpoint {
public:
    Endpoint() = default;

    // Every address of the family: to bind to.
    static Endpoint any(int family, in_port_t port);
    static Endpoint of(const sockaddr_in& address);
    static Endpoint of(const sockaddr_in6& address);

    int family() const { return storage_.sin6_family; }
    in_port_t port() const { return ntohs(storage_.sin6_port); }    // of sockaddr_in the same place
    void set_port(in_port_t port) { storage_.sin6_port = htons(port); }

    // The same address, whatever the ports are.
    bool is_same_host(const Endpoint& other) const;

    const sockaddr* address() const { return reinterpret_cast<const sockaddr*>(&storage_); }
    socklen_t size() const { return family() == AF_INET ? sizeof(sockaddr_in) : sizeof storage_; }

    // For accept and the like, which fill in address and size.
    sockaddr* to_fill();
    socklen_t* size_to_fill() { return &filled_; }

    // The address without port; one of IPv4 in an IPv6 one as IPv4 writes it. In a buffer of this
    // object's own.
    const char* text() const;

private:
    sockaddr_storage storage_;
    socklen_t filled_ = 0;
    mutable char text_[INET6_ADDRSTRLEN] = {};
};

// Finds a host's address: at once if `name` is one ("10.0.2.2", "fe80::1%en0"), else from the name
// server, which may take seconds. The family is AF_INET, AF_INET6, or AF_UNSPEC: either, IPv4
// first. The port is 0. invalid_argument: this cannot be a name; not_found: the name server knows
// none such, or no network server runs; timed_out: no name server answers; no_device: no network
// card.
int resolve(const char* name, int family, Endpoint* endpoint);
