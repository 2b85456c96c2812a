// What wget is asked for.
#pragma once
#include <cstdint>

struct Url {
    char host[254] = {};
    uint16_t port = 80;
    char path[1024] = "/";              // with the query, as it goes into the request

    // The path's last part without its query; "index.html" if that is empty.
    const char* file_name() const;
};

// Takes "http://HOST[:PORT][/PATH]" apart, where an IPv6 address as HOST stands in brackets, a fragment dropped; false if it is none, or too long,
// or holds what cannot go into a request.
bool parse_url(const char* text, Url& url);
