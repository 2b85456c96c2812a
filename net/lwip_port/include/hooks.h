/* Where lwIP asks us: initial sequence numbers, and a look at each TCP segment before a pcb gets it. */
#pragma once
#include "lwip/ip_addr.h"
#include "lwip/pbuf.h"
#include "lwip/prot/tcp.h"

struct tcp_pcb;

#ifdef __cplusplus
extern "C" {
#endif

u32_t net_port_initial_sequence(const ip_addr_t* local, u16_t local_port, const ip_addr_t* remote,
                                u16_t remote_port);

/* A look at a segment before `pcb` gets it: ERR_OK, or what makes lwIP drop it. `length` bytes of
 * options: `first_length` of them follow the header, the rest is at `second`. */
err_t net_port_segment(struct tcp_pcb* pcb, struct tcp_hdr* header, u16_t length,
                       u16_t first_length, const u8_t* second, struct pbuf* packet);

#ifdef __cplusplus
}
#endif

#define LWIP_HOOK_TCP_ISN net_port_initial_sequence
#define LWIP_HOOK_TCP_INPACKET_PCB net_port_segment
