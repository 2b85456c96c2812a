// The functions that lwIP expects of a port (lwip_port/include).
#include <cstdarg>

#include "inc/stdio.hh"
#include "hooks.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/sys.h"
#include "net/platform.hh"

void net_port_log(const char* format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vcprintf(format, arguments);
    va_end(arguments);
}

// A failed assertion is a line in the log: the server goes on, and what comes from the network
// cannot fill the console.
void net_port_assertion_failed(const char* what, const char* file, int line)
{
    static uint32_t reported;
    if (reported < 100) {
        reported++;
        cprintf("ns: lwIP: assertion \"%s\" failed at %s:%d\n", what, file, line);
    }
}

uint32_t net_port_random() { return static_cast<uint32_t>(platform::random() >> 32); }

u32_t sys_now() { return platform::now_ms(); }

// RFC 6528: a clock of 4 microseconds' steps, and per connection an offset that only we know.
u32_t net_port_initial_sequence(const ip_addr_t* local, u16_t local_port, const ip_addr_t* remote,
                                u16_t remote_port)
{
    static const uint64_t secret = platform::random();
    const auto mix = [](uint64_t hash, uint64_t word) {
        hash = (hash ^ word) * 0x9E3779B97F4A7C15;
        hash ^= hash >> 29;
        return hash * 0xBF58476D1CE4E5B9;
    };
    uint64_t hash = secret;
    for (const ip_addr_t* address : {local, remote}) {
        if (IP_IS_V6(address)) {
            for (const u32_t word : ip_2_ip6(address)->addr) {
                hash = mix(hash, word);
            }
        } else {
            hash = mix(hash, ip_addr_get_ip4_u32(address));
        }
    }
    hash = mix(hash, (uint64_t{local_port} << 16) | remote_port);
    hash = mix(hash, secret >> 7);
    return static_cast<u32_t>(hash >> 32) + platform::now_ms() * 250;
}

// RFC 9293, 3.1: kind 0 ends the list, kind 1 is one byte, all others have a length that counts
// kind and length and stays within the header. lwIP 2.1 reads that length unchecked.
static err_t check_options(const tcp_hdr* header, u16_t length, u16_t first_length,
                           const u8_t* second)
{
    const u8_t* first = reinterpret_cast<const u8_t*>(header) + sizeof(tcp_hdr);
    const auto byte_at = [&](u16_t index) {
        return second == nullptr || index < first_length ? first[index]
                                                         : second[index - first_length];
    };
    for (u16_t index = 0; index < length;) {
        const u8_t kind = byte_at(index);
        if (kind == LWIP_TCP_OPT_EOL) {
            break;
        }
        if (kind == LWIP_TCP_OPT_NOP) {
            index++;
            continue;
        }
        if (index + 1 >= length) {
            return ERR_VAL;
        }
        const u8_t size = byte_at(static_cast<u16_t>(index + 1));
        if (size < 2 || index + size > length) {
            return ERR_VAL;
        }
        index = static_cast<u16_t>(index + size);
    }
    return ERR_OK;
}

// A client may use a port again for a new connection while the old one is in TIME-WAIT here. Its SYN
// begins beyond the old sequence numbers, so the old connection ends at once and the new one may
// begin (RFC 9293, 3.6.1). lwIP only acknowledges the old data, for two minutes.
static bool reopens(const tcp_pcb* pcb, const tcp_hdr* header)
{
    constexpr u8_t wanted = TCP_SYN, others = TCP_ACK | TCP_RST | TCP_FIN;
    return (TCPH_FLAGS(header) & (wanted | others)) == wanted
           && TCP_SEQ_GT(header->seqno, pcb->rcv_nxt);
}

// Hands the segment to lwIP once more, as it came: now it finds the listening pcb.
static void deliver_again(tcp_hdr* header, u16_t length, pbuf* packet)
{
    header->src = lwip_htons(header->src);
    header->dest = lwip_htons(header->dest);
    header->seqno = lwip_htonl(header->seqno);
    header->ackno = lwip_htonl(header->ackno);
    header->wnd = lwip_htons(header->wnd);
    pbuf_add_header(packet, sizeof(tcp_hdr) + length);
    pbuf_ref(packet);
    tcp_input(packet, ip_current_input_netif());
}

err_t net_port_segment(tcp_pcb* pcb, tcp_hdr* header, u16_t length, u16_t first_length,
                       const u8_t* second, pbuf* packet)
{
    if (pcb->state == TIME_WAIT && second == nullptr && reopens(pcb, header)) {
        tcp_abort(pcb);                 // without a reset, from this state
        deliver_again(header, length, packet);
        return ERR_ABRT;
    }
    return check_options(header, length, first_length, second);
}
