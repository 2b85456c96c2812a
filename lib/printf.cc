// The formatter behind every printf: shared by kernel and programs, so no system calls here.
#include <cstdint>

#include "inc/stdio.hh"
#include "inc/string.hh"

namespace {

// Where the bytes go, and how many have gone.
struct Output {
    void (*put)(int byte, void* context) = nullptr;
    void* context = nullptr;
    int written = 0;

    void byte(char c)
    {
        put(static_cast<unsigned char>(c), context);
        written++;
    }
    void repeat(char c, int times)
    {
        while (times-- > 0) {
            byte(c);
        }
    }
    void text(const char* from, int length)
    {
        while (length-- > 0) {
            byte(*from++);
        }
    }
};

enum class Length { byte, half, normal, long_long };

// One conversion: %[flags][width][.precision][length]type
struct Conversion {
    bool left = false;                  // flag -
    bool zero = false;                  // flag 0
    bool plus = false;                  // flag +
    bool space = false;                 // flag space
    bool alternate = false;             // flag #
    int width = 0;
    int precision = -1;                 // -1: not given
    Length length = Length::normal;
    char type = '\0';
};

bool read_flag(char c, Conversion& conversion)
{
    switch (c) {
    case '-': conversion.left = true; return true;
    case '0': conversion.zero = true; return true;
    case '+': conversion.plus = true; return true;
    case ' ': conversion.space = true; return true;
    case '#': conversion.alternate = true; return true;
    default: return false;
    }
}

// Widths beyond this are cut: no format needs them, and a sum of two must not overflow.
constexpr int widest = 1 << 20;

int read_number(const char*& format)
{
    int number = 0;
    for (; *format >= '0' && *format <= '9'; format++) {
        number = number < widest ? number * 10 + (*format - '0') : widest;
    }
    return number < widest ? number : widest;
}

Length read_length(const char*& format)
{
    Length length = Length::normal;
    for (;; format++) {
        if (*format == 'h') {
            length = length == Length::half ? Length::byte : Length::half;
        } else if (*format == 'l') {
            length = format[1] == 'l' ? Length::long_long : Length::normal;
            format += format[1] == 'l';
            if (sizeof(long) == sizeof(long long)) {
                length = Length::long_long;
            }
        } else if (*format == 'z') {
            length = sizeof(size_t) == sizeof(int) ? Length::normal : Length::long_long;
        } else {
            return length;
        }
    }
}

// Pads `body` to the width: `sign` and `prefix` first, zeros between them and the digits.
void put_padded(Output& out, const Conversion& conversion, const char* prefix, int zeros,
                const char* body, int body_length)
{
    const int prefix_length = static_cast<int>(strlen(prefix));
    const int blanks = conversion.width - prefix_length - zeros - body_length;
    if (!conversion.left) {
        out.repeat(' ', blanks);
    }
    out.text(prefix, prefix_length);
    out.repeat('0', zeros);
    out.text(body, body_length);
    if (conversion.left) {
        out.repeat(' ', blanks);
    }
}

// Writes the digits of `value` so that they end before `end`; returns where they begin. Zero has
// no digits here.
char* write_digits(char* end, uint64_t value, unsigned base, bool upper)
{
    const char* digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    for (; value > UINT32_MAX; value /= base) {
        *--end = digits[value % base];
    }
    for (auto low = static_cast<uint32_t>(value); low != 0; low /= base) {
        *--end = digits[low % base];
    }
    return end;
}

void put_integer(Output& out, const Conversion& conversion, uint64_t value, unsigned base,
                 const char* prefix)
{
    char digits[24];                    // 2^64 in octal has 22
    char* const end = digits + sizeof(digits);
    char* const begin = write_digits(end, value, base, conversion.type == 'X');
    const int length = static_cast<int>(end - begin);

    int least = conversion.precision >= 0 ? conversion.precision : 1;
    if (conversion.type == 'o' && conversion.alternate && least <= length) {
        least = length + 1;
    }
    if (conversion.zero && !conversion.left && conversion.precision < 0) {
        const int room = conversion.width - static_cast<int>(strlen(prefix));
        least = room > least ? room : least;
    }
    put_padded(out, conversion, prefix, least > length ? least - length : 0, begin, length);
}

void put_string(Output& out, const Conversion& conversion, const char* text)
{
    text = text != nullptr ? text : "(null)";
    const size_t limit =
        conversion.precision >= 0 ? static_cast<size_t>(conversion.precision) : SIZE_MAX;
    put_padded(out, conversion, "", 0, text, static_cast<int>(strnlen(text, limit)));
}

// The integer arguments, narrowed as the length says. va_list is passed in a struct because it is
// an array type on some hosts.
struct Arguments {
    va_list list;
};

int64_t next_signed(Arguments& arguments, Length length)
{
    if (length == Length::long_long) {
        return va_arg(arguments.list, long long);
    }
    const int value = va_arg(arguments.list, int);
    switch (length) {
    case Length::byte: return static_cast<signed char>(value);
    case Length::half: return static_cast<short>(value);
    default: return value;
    }
}

uint64_t next_unsigned(Arguments& arguments, Length length)
{
    if (length == Length::long_long) {
        return va_arg(arguments.list, unsigned long long);
    }
    const unsigned value = va_arg(arguments.list, unsigned);
    switch (length) {
    case Length::byte: return static_cast<unsigned char>(value);
    case Length::half: return static_cast<unsigned short>(value);
    default: return value;
    }
}

// Formats the next argument. `start` is the conversion's text, printed as it is if it is unknown.
void put_conversion(Output& out, const Conversion& conversion, Arguments& arguments,
                    const char* start, const char* end)
{
    switch (conversion.type) {
    case 'd':
    case 'i': {
        const int64_t value = next_signed(arguments, conversion.length);
        const uint64_t magnitude =
            value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
        const char* const sign =
            value < 0 ? "-" : conversion.plus ? "+" : conversion.space ? " " : "";
        return put_integer(out, conversion, magnitude, 10, sign);
    }
    case 'u':
        return put_integer(out, conversion, next_unsigned(arguments, conversion.length), 10, "");
    case 'o':
        return put_integer(out, conversion, next_unsigned(arguments, conversion.length), 8, "");
    case 'x':
    case 'X': {
        const uint64_t value = next_unsigned(arguments, conversion.length);
        const char* const mark = conversion.type == 'X' ? "0X" : "0x";
        return put_integer(out, conversion, value, 16, conversion.alternate && value ? mark : "");
    }
    case 'p': {
        const auto value = reinterpret_cast<uintptr_t>(va_arg(arguments.list, void*));
        return put_integer(out, conversion, value, 16, "0x");
    }
    case 'c': {
        const char c = static_cast<char>(va_arg(arguments.list, int));
        return put_padded(out, conversion, "", 0, &c, 1);
    }
    case 's': return put_string(out, conversion, va_arg(arguments.list, const char*));
    case '%': return out.byte('%');
    default: return out.text(start, static_cast<int>(end - start));
    }
}

int width_argument(Arguments& arguments)
{
    const int width = va_arg(arguments.list, int);
    return width > widest ? widest : width < -widest ? -widest : width;
}

// Reads the conversion that begins after the '%' at format[-1], up to its type.
Conversion read_conversion(const char*& format, Arguments& arguments)
{
    Conversion conversion;
    while (read_flag(*format, conversion)) {
        format++;
    }
    if (*format == '*') {
        format++;
        conversion.width = width_argument(arguments);
        if (conversion.width < 0) {
            conversion.left = true;
            conversion.width = -conversion.width;
        }
    } else {
        conversion.width = read_number(format);
    }
    if (*format == '.') {
        format++;
        if (*format == '*') {
            format++;
            conversion.precision = width_argument(arguments);
        } else {
            conversion.precision = read_number(format);
        }
    }
    conversion.length = read_length(format);
    conversion.type = *format;
    return conversion;
}

// snprintf's target: counts everything, stores what fits.
struct Buffer {
    char* next = nullptr;
    char* end = nullptr;                // where the final zero goes at the latest
};

void put_in_buffer(int byte, void* context)
{
    auto* buffer = static_cast<Buffer*>(context);
    if (buffer->next < buffer->end) {
        *buffer->next++ = static_cast<char>(byte);
    }
}

} // namespace

int vprintfmt(void (*put)(int byte, void* context), void* context, const char* format,
              va_list list)
{
    Output out{put, context};
    Arguments arguments;
    va_copy(arguments.list, list);
    while (*format != '\0') {
        if (*format != '%') {
            out.byte(*format++);
            continue;
        }
        const char* const start = format++;
        const Conversion conversion = read_conversion(format, arguments);
        format += *format != '\0';
        put_conversion(out, conversion, arguments, start, format);
    }
    va_end(arguments.list);
    return out.written;
}

int vsnprintf(char* buffer, size_t size, const char* format, va_list arguments) noexcept
{
    Buffer target{buffer, size > 0 ? buffer + size - 1 : buffer};
    const int length = vprintfmt(put_in_buffer, &target, format, arguments);
    if (size > 0) {
        *target.next = '\0';
    }
    return length;
}

int snprintf(char* buffer, size_t size, const char* format, ...) noexcept
{
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(buffer, size, format, arguments);
    va_end(arguments);
    return length;
}
