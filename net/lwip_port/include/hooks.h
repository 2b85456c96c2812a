/* Where lwIP asks us: initial sequence numbers, and a look at TCP options before it parses them. */
#pragma once
#include "lwip/ip_addr.h"
#include "lwip/pbuf.h"
#include "lwip/prot/tcp.h"

#ifdef __cplusplus
extern "C" {
#endif

u32_t net_port_initial_sequence(const ip_addr_t* local, u16_t local_port, const ip_addr_t* remote,
                                u16_t remote_port);

/* ERR_OK if every option of a TCP header lies within it and has a length that its kind can have.
 * `first_length` bytes of them follow the header, the rest is at `second`. */
err_t net_port_check_tcp_options(const struct tcp_hdr* header, u16_t length, u16_t first_length,
                                 const u8_t* second);

#ifdef __cplusplus
}
#endif

#define LWIP_HOOK_TCP_ISN net_port_initial_sequence
#define LWIP_HOOK_TCP_INPACKET_PCB(pcb, header, length, first_length, second, packet) \
    net_port_check_tcp_options(header, length, first_length, second)
