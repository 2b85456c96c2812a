// The C library's string functions, for kernel and programs. Compiled so that GCC does not see a
// memcpy in memcpy's own loop (-fno-tree-loop-distribute-patterns, lib/build.mk).
#include "inc/string.hh"

#include <climits>
#include <cstdint>

namespace {

// A word that may lie at any address and alias any type.
struct [[gnu::packed, gnu::may_alias]] Word {
    uint32_t bits;
};
constexpr size_t word = sizeof(Word), block = 8 * word;

uint32_t load(const char* from) { return reinterpret_cast<const Word*>(from)->bits; }
void store(char* to, uint32_t bits) { reinterpret_cast<Word*>(to)->bits = bits; }

template <size_t bytes> void copy_words(char* target, const char* source)
{
#pragma GCC unroll 8
    for (size_t i = 0; i < bytes; i += word) {
        store(target + i, load(source + i));
    }
}

// The part of `size` that is `bytes`, a power of 2.
template <size_t bytes> void copy_rest(char*& target, const char*& source, size_t size)
{
    if ((size & bytes) != 0) {
        copy_words<bytes>(target, source);
        target += bytes;
        source += bytes;
    }
}

constexpr bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

constexpr int lower(char c)
{
    const int byte = static_cast<unsigned char>(c);
    return byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte;
}

// The value of a digit in any base up to 36; 36 for what is no digit.
constexpr unsigned digit_value(char c)
{
    if (c >= '0' && c <= '9') {
        return static_cast<unsigned>(c - '0');
    }
    const int letter = lower(c);
    return letter >= 'a' && letter <= 'z' ? static_cast<unsigned>(letter - 'a' + 10) : 36;
}

struct ParsedNumber {
    unsigned long value = 0;
    bool negative = false;
    bool overflow = false;
    const char* end = nullptr;          // where parsing started if there was no digit
};

// Reads blanks, a sign, for base 0 or 16 a prefix (0x; base 0 also 0 for octal), and digits.
ParsedNumber parse_number(const char* text, int base)
{
    ParsedNumber result;
    result.end = text;
    while (is_space(*text)) {
        text++;
    }
    if (*text == '+' || *text == '-') {
        result.negative = *text++ == '-';
    }
    const bool hex_prefix = text[0] == '0' && lower(text[1]) == 'x' && digit_value(text[2]) < 16;
    if ((base == 0 || base == 16) && hex_prefix) {
        text += 2;
        base = 16;
    } else if (base == 0) {
        base = *text == '0' ? 8 : 10;
    }
    const auto unsigned_base = static_cast<unsigned>(base);
    for (; digit_value(*text) < unsigned_base; text++) {
        result.overflow |= __builtin_mul_overflow(result.value, unsigned_base, &result.value);
        result.overflow |= __builtin_add_overflow(result.value, digit_value(*text), &result.value);
        result.end = text + 1;
    }
    return result;
}

} // namespace

// Words, eight a turn: where the machine is emulated this is several times faster than `rep movs`
// (docs/performance.md, "Copies"). Goes upwards, and reads what it copies before it writes there or
// further up: memmove relies on that.
void* memcpy(void* to, const void* from, size_t size)
{
    auto* target = static_cast<char*>(to);
    auto* source = static_cast<const char*>(from);
    for (; size >= block; size -= block, target += block, source += block) {
        copy_words<block>(target, source);
    }
    copy_rest<16>(target, source, size);
    copy_rest<8>(target, source, size);
    copy_rest<4>(target, source, size);
    for (size %= word; size > 0; size--) {
        *target++ = *source++;
    }
    return to;
}

void* memmove(void* to, const void* from, size_t size)
{
    const auto distance = reinterpret_cast<uintptr_t>(to) - reinterpret_cast<uintptr_t>(from);
    if (distance >= size) {
        return memcpy(to, from, size);  // `to` lies before `from`, or past its end
    }
    auto* target = static_cast<char*>(to) + size;
    auto* source = static_cast<const char*>(from) + size;
    for (; size >= word && distance >= word; size -= word) {
        target -= word;
        source -= word;
        store(target, load(source));
    }
    while (size-- > 0) {
        *--target = *--source;
    }
    return to;
}

void* memset(void* to, int byte, size_t size)
{
    auto* target = static_cast<char*>(to);
    const uint32_t pattern = 0x01010101u * static_cast<uint8_t>(byte);
    for (; size >= 4 * word; size -= 4 * word, target += 4 * word) {
        store(target, pattern);
        store(target + word, pattern);
        store(target + 2 * word, pattern);
        store(target + 3 * word, pattern);
    }
    while (size-- > 0) {
        *target++ = static_cast<char>(byte);
    }
    return to;
}

int memcmp(const void* a, const void* b, size_t size)
{
    auto* left = static_cast<const unsigned char*>(a);
    auto* right = static_cast<const unsigned char*>(b);
    for (size_t i = 0; i < size; i++) {
        if (left[i] != right[i]) {
            return left[i] - right[i];
        }
    }
    return 0;
}

void* memchr(const void* from, int byte, size_t size)
{
    auto* bytes = static_cast<const unsigned char*>(from);
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] == static_cast<unsigned char>(byte)) {
            return const_cast<unsigned char*>(bytes + i);
        }
    }
    return nullptr;
}

size_t strlen(const char* text)
{
    size_t length = 0;
    while (text[length] != '\0') {
        length++;
    }
    return length;
}

size_t strnlen(const char* text, size_t limit)
{
    size_t length = 0;
    while (length < limit && text[length] != '\0') {
        length++;
    }
    return length;
}

char* strcpy(char* to, const char* from)
{
    memcpy(to, from, strlen(from) + 1);
    return to;
}

char* strncpy(char* to, const char* from, size_t size)
{
    const size_t length = strnlen(from, size);
    memcpy(to, from, length);
    memset(to + length, 0, size - length);
    return to;
}

// Copies what fits and always ends it with a zero (unless size is 0); returns strlen(from).
size_t strlcpy(char* to, const char* from, size_t size)
{
    const size_t length = strlen(from);
    if (size > 0) {
        const size_t copied = length < size ? length : size - 1;
        memcpy(to, from, copied);
        to[copied] = '\0';
    }
    return length;
}

char* strcat(char* to, const char* from)
{
    strcpy(to + strlen(to), from);
    return to;
}

int strcmp(const char* a, const char* b)
{
    return strncmp(a, b, SIZE_MAX);
}

int strncmp(const char* a, const char* b, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        const auto left = static_cast<unsigned char>(a[i]);
        const auto right = static_cast<unsigned char>(b[i]);
        if (left != right || left == 0) {
            return left - right;
        }
    }
    return 0;
}

int strcasecmp(const char* a, const char* b)
{
    return strncasecmp(a, b, SIZE_MAX);
}

int strncasecmp(const char* a, const char* b, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        const int left = lower(a[i]), right = lower(b[i]);
        if (left != right || left == 0) {
            return left - right;
        }
    }
    return 0;
}

char* strchr(const char* text, int byte)
{
    for (;; text++) {
        if (*text == static_cast<char>(byte)) {
            return const_cast<char*>(text);
        }
        if (*text == '\0') {
            return nullptr;
        }
    }
}

char* strrchr(const char* text, int byte)
{
    const char* last = nullptr;
    for (;; text++) {
        if (*text == static_cast<char>(byte)) {
            last = text;
        }
        if (*text == '\0') {
            return const_cast<char*>(last);
        }
    }
}

char* strstr(const char* text, const char* part)
{
    const size_t length = strlen(part);
    for (;; text++) {
        if (strncmp(text, part, length) == 0) {
            return const_cast<char*>(text);
        }
        if (*text == '\0') {
            return nullptr;
        }
    }
}

// A value that does not fit becomes LONG_MAX or LONG_MIN.
long strtol(const char* text, char** end, int base) noexcept
{
    const ParsedNumber number = parse_number(text, base);
    if (end != nullptr) {
        *end = const_cast<char*>(number.end);
    }
    constexpr auto largest = static_cast<unsigned long>(LONG_MAX);
    if (number.negative) {
        return number.overflow || number.value > largest ? LONG_MIN
                                                         : -static_cast<long>(number.value);
    }
    return number.overflow || number.value > largest ? LONG_MAX : static_cast<long>(number.value);
}

// A value that does not fit becomes ULONG_MAX; a minus sign negates modulo 2^32.
unsigned long strtoul(const char* text, char** end, int base) noexcept
{
    const ParsedNumber number = parse_number(text, base);
    if (end != nullptr) {
        *end = const_cast<char*>(number.end);
    }
    if (number.overflow) {
        return ULONG_MAX;
    }
    return number.negative ? 0 - number.value : number.value;
}

int atoi(const char* text) noexcept
{
    return static_cast<int>(strtol(text, nullptr, 10));
}
