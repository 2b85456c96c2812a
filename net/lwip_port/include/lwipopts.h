/* What of lwIP we use, and how big. lwip/opt.h explains each option. */
#pragma once

/* One event loop over the raw API: no threads, no locks, no sequential API. */
#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_SOCKET 0
#define LWIP_NETCONN 0
#define LWIP_COMPAT_SOCKETS 0

/* Protocols. */
#define LWIP_IPV4 1
#define LWIP_IPV6 1
#define LWIP_IPV6_NUM_ADDRESSES 4
#define IPV6_FRAG_COPYHEADER (__SIZEOF_POINTER__ > 4)
#define LWIP_ARP 1
#define LWIP_ETHERNET 1
#define LWIP_ICMP 1
#define LWIP_RAW 1
#define LWIP_UDP 1
#define LWIP_TCP 1
#define LWIP_DHCP 1
#define LWIP_IGMP 1
#define LWIP_DNS 1
#define DNS_TABLE_SIZE 16
#define IP_REASSEMBLY 1
#define IP_FRAG 1
#define IP_REASS_MAX_PBUFS 64
#define MEMP_NUM_REASSDATA 16

/* 127.0.0.1, and packets to our own address. netif_poll_all() runs once a turn. */
#define LWIP_HAVE_LOOPIF 1
#define LWIP_NETIF_LOOPBACK 1
#define LWIP_LOOPBACK_MAX_PBUFS 256

/* Memory: buffers come from our heap (net/heap.hh), sized at run time; small objects of bounded
 * number from lwIP's pools. Received frames are copied into heap buffers: no PBUF_POOL to speak
 * of, hence no check of the window against it. */
#define MEM_ALIGNMENT 4
#if __has_include("lwip/acd.h")         /* lwIP 2.2 and newer */
#define MEM_CUSTOM_ALLOCATOR 1
#define MEM_CUSTOM_MALLOC net_heap_allocate
#define MEM_CUSTOM_CALLOC net_heap_allocate_zeroed
#define MEM_CUSTOM_FREE net_heap_free
#else
#define MEM_LIBC_MALLOC 1
#define mem_clib_malloc net_heap_allocate
#define mem_clib_calloc net_heap_allocate_zeroed
#define mem_clib_free net_heap_free
#endif
#define MEMP_MEM_MALLOC 0
#define MEMP_NUM_TCP_PCB 1024
#define MEMP_NUM_TCP_PCB_LISTEN 64
#define MEMP_NUM_UDP_PCB 256
#define MEMP_NUM_RAW_PCB 32
#define MEMP_NUM_TCP_SEG 16384          /* more than the heap can hold full ones */
#define MEMP_NUM_PBUF 1024
#define MEMP_NUM_ARP_QUEUE 64
#define MEMP_NUM_ND6_QUEUE 64
#define MEMP_NUM_IGMP_GROUP 32
#define MEMP_NUM_MLD6_GROUP 31
#define MEMP_NUM_FRAG_PBUF 64
#define PBUF_POOL_SIZE 4
#define LWIP_DISABLE_TCP_SANITY_CHECKS 1
#define LWIP_SUPPORT_CUSTOM_PBUF 1

/* TCP. */
#define TCP_MSS 1460
#define LWIP_WND_SCALE 1
#define TCP_RCV_SCALE 2
#define TCP_WND (128 * 1024)
#define TCP_SND_BUF (128 * 1024)
#define TCP_SND_QUEUELEN (4 * TCP_SND_BUF / TCP_MSS)
#define TCP_SNDLOWAT (16 * 1024)
#define TCP_SNDQUEUELOWAT (TCP_SND_QUEUELEN / 2)
#define TCP_LISTEN_BACKLOG 1
#define TCP_QUEUE_OOSEQ 1
#define TCP_OOSEQ_MAX_BYTES TCP_WND
#define TCP_OOSEQ_MAX_PBUFS 128
#define LWIP_TCP_SACK_OUT 1
#define LWIP_TCP_KEEPALIVE 1
#define SO_REUSE 1
#define SO_REUSE_RXTOALL 1

/* Neighbours: keep what waits for an answer in order, and enough of them for a busy segment. */
#define ARP_TABLE_SIZE 64
#define ARP_QUEUEING 1
#define ARP_QUEUE_LEN 8
#define LWIP_NETIF_HWADDRHINT 1
#define LWIP_ND6_NUM_NEIGHBORS 64
#define LWIP_ND6_NUM_DESTINATIONS 64

/* Checksums: our routine (net/checksum.hh), and which of them lwIP makes is a netif's choice. */
#define LWIP_CHKSUM net_checksum
#define LWIP_CHECKSUM_ON_COPY 0         /* it would sum what the card sums again */
#define LWIP_CHECKSUM_CTRL_PER_NETIF 1

#define LWIP_NETIF_LINK_CALLBACK 0
#define LWIP_STATS 1
#define LWIP_STATS_LARGE 1
#define LWIP_STATS_DISPLAY 0
#define LWIP_HOOK_FILENAME "hooks.h"
