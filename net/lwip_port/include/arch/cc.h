/* What lwIP wants to know of compiler and system, and the functions it gets from us. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* A freestanding compiler has stdint.h, and none of these. */
#define LWIP_NO_INTTYPES_H 1
#define LWIP_NO_CTYPE_H 1
#define LWIP_NO_UNISTD_H 1
#if !__STDC_HOSTED__
#define LWIP_NO_LIMITS_H 1
#define INT_MAX __INT_MAX__
#else
#include <sys/types.h>
#endif
#define X8_F "02x"
#define U16_F "u"
#define S16_F "d"
#define X16_F "x"
#define U32_F "u"
#define S32_F "d"
#define X32_F "x"
#define SZT_F "zu"

#ifndef BYTE_ORDER
#define BYTE_ORDER LITTLE_ENDIAN
#endif
#define LWIP_DONT_PROVIDE_BYTEORDER_FUNCTIONS 1
#define lwip_htons(x) __builtin_bswap16(x)
#define lwip_htonl(x) __builtin_bswap32(x)

#ifdef __cplusplus
extern "C" {
#endif

void net_port_log(const char* format, ...) __attribute__((format(printf, 1, 2)));
void net_port_assertion_failed(const char* what, const char* file, int line);
uint32_t net_port_random(void);
uint16_t net_checksum(const void* data, int size);
void* net_heap_allocate(size_t size);
void* net_heap_allocate_zeroed(size_t count, size_t size);
void net_heap_free(void* memory);

#ifdef __cplusplus
}
#endif

#define LWIP_PLATFORM_DIAG(arguments) net_port_log arguments
#define LWIP_PLATFORM_ASSERT(what) net_port_assertion_failed(what, __FILE__, __LINE__)
#define LWIP_RAND() net_port_random()
