// Multicast groups: which the card is to receive, and which each socket has joined.
#pragma once
#include "inc/error.hh"
#include "net/protocol.hh"

struct netif;

// Has lwIP tell us which groups it joins on this interface.
void multicast_attach(netif& interface);
uint32_t multicast_addresses();         // that the card receives

// The groups that a socket has joined; it leaves them when it ends.
class GroupList {
public:
    // 0 or an error: invalid_argument (no group's address), address_in_use (joined already),
    // no_memory (too many groups), no_device.
    int32_t join(const NetAddress& group);
    // 0 or invalid_argument (no group's address), not_found (not joined).
    int32_t leave(const NetAddress& group);
    void leave_all();

private:
    struct Member {
        Member* next = nullptr;
        NetAddress group;
    };
    Member** find(const NetAddress& group);

    Member* first_ = nullptr;
};
