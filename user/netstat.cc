// Lists the sockets: `netstat`. Bytes that wait to be read, and to be received by the peer.
#include "lib/lib.hh"
#include "lib/network_status.hh"

namespace {

SocketInfo list[max_listed_sockets];

const char* kind_name(unsigned kind)
{
    return kind == socket_stream ? "tcp" : kind == socket_datagram ? "udp" : "icmp";
}

const char* state_name(SocketState state)
{
    switch (state) {
    case SocketState::closed: return "CLOSED";
    case SocketState::listening: return "LISTEN";
    case SocketState::syn_sent: return "SYN_SENT";
    case SocketState::syn_received: return "SYN_RECEIVED";
    case SocketState::established: return "ESTABLISHED";
    case SocketState::fin_wait_1: return "FIN_WAIT_1";
    case SocketState::fin_wait_2: return "FIN_WAIT_2";
    case SocketState::close_wait: return "CLOSE_WAIT";
    case SocketState::closing: return "CLOSING";
    case SocketState::last_ack: return "LAST_ACK";
    case SocketState::time_wait: return "TIME_WAIT";
    case SocketState::none: return "";
    }
    return "unknown";
}

// "tcp", of IPv6 "tcp6", of both "tcp46".
struct KindText {
    char text[8];
    explicit KindText(const SocketInfo& info)
    {
        snprintf(text, sizeof text, "%s%s", kind_name(info.kind),
                 info.ipv6 == 0 ? "" : info.ipv4 == 0 ? "6" : "46");
    }
};

// "10.0.2.15:80", "[fe80::1]:80", with a star for what is not fixed.
struct AddressText {
    char text[56];
    explicit AddressText(const NetAddress& address)
    {
        const bool any = address.ip == 0 && address.ip6 == NetAddress().ip6;
        char host[INET6_ADDRSTRLEN] = "*";
        if (!any && address.is_ipv6 == 0) {
            const in_addr ip{htonl(address.ip)};
            inet_ntop(AF_INET, &ip, host, sizeof host);
        } else if (!any) {
            inet_ntop(AF_INET6, address.ip6.data(), host, sizeof host);
        }
        const bool brackets = !any && address.is_ipv6 != 0;
        const int count = snprintf(text, sizeof text, "%s%s%s:", brackets ? "[" : "", host,
                                   brackets ? "]" : "");
        char* const end = text + count;
        const size_t room = sizeof text - static_cast<size_t>(count);
        if (address.port == 0) {
            strlcpy(end, "*", room);
        } else {
            snprintf(end, room, "%u", static_cast<unsigned>(address.port));
        }
    }
};

void print(const SocketInfo& info)
{
    char owner[40] = "-";
    if (info.owner != 0) {
        const volatile Env& env = envs[env_index(info.owner)];
        const bool lives = env.env_id == info.owner && env.env_status != EnvStatus::free;
        snprintf(owner, sizeof owner, "%08x %.*s", static_cast<unsigned>(info.owner),
                 lives ? static_cast<int>(sizeof env.env_name) : 0,
                 const_cast<const char*>(env.env_name));
    }
    printf("%-6s %7u %7u  %-21s  %-21s  %-12s  %s\n", KindText(info).text, info.received,
           info.unacknowledged, AddressText(info.local).text, AddressText(info.remote).text,
           state_name(info.state), owner);
}

} // namespace

void umain(int, char**)
{
    const int count = list_sockets(list, max_listed_sockets);
    if (count < 0) {
        fprintf(2, "netstat: %s\n",
                count == to_abi(Error::not_found) ? "no network server runs" : error_text(count));
        exit(1);
    }
    printf("%-6s %7s %7s  %-21s  %-21s  %-12s  %s\n", "KIND", "RECV", "SEND", "LOCAL", "REMOTE",
           "STATE", "OWNER");
    for (int i = 0; i < count; i++) {
        print(list[i]);
    }
}
