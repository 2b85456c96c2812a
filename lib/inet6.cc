// IPv6 addresses as text (RFC 4291, 2.2; RFC 5952).
#include "inc/stdio.hh"
#include "inc/string.hh"
#include "lib/socket.hh"

namespace {

constexpr int groups = 8;

// One group of 1 to 4 hexadecimal digits; moves *text behind it. -1: there is none.
int read_group(const char** text)
{
    int value = 0, digits = 0;
    for (; digits < 5; ++*text, ++digits) {
        const char c = **text;
        if (c >= '0' && c <= '9') {
            value = value * 16 + (c - '0');
        } else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) {
            value = value * 16 + (c | 0x20) - 'a' + 10;
        } else {
            break;
        }
    }
    return digits >= 1 && digits <= 4 ? value : -1;
}

// Reads groups into `words` up to the end or a "::"; the last two may be an IPv4 address. Returns
// how many, -1 if the text is wrong; *gap: a "::" ended it.
int read_groups(const char** text, uint16_t* words, int limit, bool* gap)
{
    *gap = false;
    int count = 0;
    while (**text != '\0') {
        in_addr ip4;
        if (count <= limit - 2 && inet_aton(*text, &ip4) != 0) {
            const uint32_t value = ntohl(ip4.s_addr);
            words[count++] = static_cast<uint16_t>(value >> 16);
            words[count++] = static_cast<uint16_t>(value);
            *text += strlen(*text);
            return count;
        }
        const int group = count < limit ? read_group(text) : -1;
        if (group < 0) {
            return -1;
        }
        words[count++] = static_cast<uint16_t>(group);
        if (**text == '\0') {
            return count;
        }
        if (*(*text)++ != ':') {
            return -1;
        }
        if (**text == ':') {
            ++*text;
            *gap = true;
            return count;
        }
        if (**text == '\0') {
            return -1;                  // a single colon at the end
        }
    }
    return count;
}

bool read_ip6(const char* text, uint16_t (&words)[groups])
{
    uint16_t tail[groups] = {};
    bool gap = false, second_gap = false;
    int before = 0;
    if (text[0] == ':' && text[1] == ':') {
        text += 2;
        gap = true;
    } else {
        before = read_groups(&text, words, groups, &gap);
    }
    if (!gap) {
        return before == groups;
    }
    const int after = before < 0 || before == groups ? -1 : read_groups(&text, tail, groups - 1 - before, &second_gap);
    if (after < 0 || second_gap) {
        return false;
    }
    for (int i = 0; i < after; i++) {
        words[groups - after + i] = tail[i];
    }
    return true;
}

// Where the longest run of two or more zero groups begins, and how long it is.
struct ZeroRun {
    int begin = -1, length = 1;

    explicit ZeroRun(const uint16_t (&words)[groups])
    {
        for (int i = 0, run = 0; i < groups; i++) {
            run = words[i] == 0 ? run + 1 : 0;
            if (run > length) {
                length = run;
                begin = i + 1 - run;
            }
        }
    }
};

void write_ip6(const uint16_t (&words)[groups], char (&text)[INET6_ADDRSTRLEN])
{
    const ZeroRun zeros(words);
    size_t used = 0;
    for (int i = 0; i < groups; i++) {
        if (i == zeros.begin) {
            used += static_cast<size_t>(snprintf(text + used, sizeof text - used, "::"));
            i += zeros.length - 1;
            continue;
        }
        const bool first = i == 0 || (zeros.begin >= 0 && i == zeros.begin + zeros.length);
        used += static_cast<size_t>(snprintf(text + used, sizeof text - used, "%s%x",
                                             first ? "" : ":", static_cast<unsigned>(words[i])));
    }
}

} // namespace

bool is_mapped_ipv4(const in6_addr& address)
{
    static constexpr uint8_t prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    return memcmp(address.s6_addr, prefix, sizeof prefix) == 0;
}

int inet_pton(int family, const char* text, void* address)
{
    if (family == AF_INET) {
        in_addr ip4;
        const int result = inet_aton(text, &ip4);
        if (result != 0) {
            memcpy(address, &ip4, sizeof ip4);
        }
        return result;
    }
    if (family != AF_INET6) {
        return to_abi(Error::not_supported);
    }
    uint16_t words[groups] = {};
    if (!read_ip6(text, words)) {
        return 0;
    }
    for (uint16_t& word : words) {
        word = htons(word);
    }
    memcpy(address, words, sizeof words);
    return 1;
}

const char* inet_ntop(int family, const void* address, char* text, socklen_t size)
{
    char result[INET6_ADDRSTRLEN] = {};
    if (family == AF_INET) {
        in_addr ip4;
        memcpy(&ip4, address, sizeof ip4);
        snprintf(result, sizeof result, "%s", inet_ntoa(ip4));
    } else if (family == AF_INET6) {
        uint16_t words[groups];
        memcpy(words, address, sizeof words);
        for (uint16_t& word : words) {
            word = ntohs(word);
        }
        write_ip6(words, result);
    } else {
        return nullptr;
    }
    const size_t needed = strlen(result) + 1;
    if (needed > size) {
        return nullptr;
    }
    memcpy(text, result, needed);
    return text;
}
