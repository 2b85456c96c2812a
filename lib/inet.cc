// Internet addresses as text.
#include "inc/stdio.hh"
#include "lib/socket.hh"

// One decimal number up to 255, without sign or spaces; moves *text behind it. -1: there is none.
static int read_byte(const char** text)
{
    int value = 0;
    int digits = 0;
    for (; **text >= '0' && **text <= '9'; ++*text, ++digits) {
        value = value * 10 + (**text - '0');
        if (value > 255) {
            return -1;
        }
    }
    return digits > 0 ? value : -1;
}

int inet_aton(const char* text, in_addr* address)
{
    in_addr_t value = 0;
    for (int i = 0; i < 4; i++) {
        if (i > 0 && *text++ != '.') {
            return 0;
        }
        const int byte = read_byte(&text);
        if (byte < 0) {
            return 0;
        }
        value = (value << 8) | static_cast<in_addr_t>(byte);
    }
    if (*text != '\0') {
        return 0;
    }
    address->s_addr = htonl(value);
    return 1;
}

in_addr_t inet_addr(const char* text)
{
    in_addr address;
    return inet_aton(text, &address) != 0 ? address.s_addr : INADDR_NONE;
}

const char* inet_ntoa(in_addr address)
{
    static char text[16];
    const in_addr_t value = ntohl(address.s_addr);
    snprintf(text, sizeof(text), "%u.%u.%u.%u", value >> 24, (value >> 16) & 255,
             (value >> 8) & 255, value & 255);
    return text;
}
