// The x86's I/O ports: for the kernel, and for the file server, which may use them too. "memory":
// what is done at a port may have a device read memory or tell that it wrote some.
#pragma once
#include <cstddef>
#include <cstdint>

#ifdef JOS_HOST                         // in unit tests a model of the devices answers
uint8_t port_in8(uint16_t port);
uint16_t port_in16(uint16_t port);
uint32_t port_in32(uint16_t port);
void port_out8(uint16_t port, uint8_t value);
void port_out16(uint16_t port, uint16_t value);
void port_out32(uint16_t port, uint32_t value);
void port_read32(uint16_t port, void* to, size_t count);
void port_write32(uint16_t port, const void* from, size_t count);
#else
inline uint8_t port_in8(uint16_t port)
{
    uint8_t value;
    asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

inline uint16_t port_in16(uint16_t port)
{
    uint16_t value;
    asm volatile("inw %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

inline uint32_t port_in32(uint16_t port)
{
    uint32_t value;
    asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

inline void port_out8(uint16_t port, uint8_t value)
{
    asm volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

inline void port_out16(uint16_t port, uint16_t value)
{
    asm volatile("outw %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

inline void port_out32(uint16_t port, uint32_t value)
{
    asm volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

// Moves `count` words of 32 bits between memory and one port.
inline void port_read32(uint16_t port, void* to, size_t count)
{
    asm volatile("cld; rep insl" : "+D"(to), "+c"(count) : "d"(port) : "memory", "cc");
}

inline void port_write32(uint16_t port, const void* from, size_t count)
{
    asm volatile("cld; rep outsl" : "+S"(from), "+c"(count) : "d"(port) : "memory", "cc");
}
#endif
