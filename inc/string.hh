// The C library's string functions that kernel and programs have (lib/string.cc), unmangled
// because the compiler calls some by itself.
#pragma once
#include <cstddef>

extern "C" {
void* memcpy(void* to, const void* from, size_t size);
void* memmove(void* to, const void* from, size_t size);
void* memset(void* to, int byte, size_t size);
int memcmp(const void* a, const void* b, size_t size);
void* memchr(const void* from, int byte, size_t size);
size_t strlen(const char* text);
size_t strnlen(const char* text, size_t limit);
char* strcpy(char* to, const char* from);
char* strncpy(char* to, const char* from, size_t size);
size_t strlcpy(char* to, const char* from, size_t size);
char* strcat(char* to, const char* from);
int strcmp(const char* a, const char* b);
int strncmp(const char* a, const char* b, size_t size);
int strcasecmp(const char* a, const char* b);
int strncasecmp(const char* a, const char* b, size_t size);
char* strchr(const char* text, int byte);
char* strrchr(const char* text, int byte);
char* strstr(const char* text, const char* part);
long strtol(const char* text, char** end, int base) noexcept;
unsigned long strtoul(const char* text, char** end, int base) noexcept;
int atoi(const char* text) noexcept;
}
