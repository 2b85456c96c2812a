// Names from an image, which may hold anything, as text for a terminal.
#pragma once
#include <cstdio>
#include <string>
#include <string_view>

namespace fs {

// Control characters, and what is not ASCII, as \xNN.
inline std::string quote(std::string_view text)
{
    std::string quoted;
    for (const char c : text) {
        if (c >= ' ' && c < 0x7F && c != '\\') {
            quoted += c;
        } else {
            char escape[5];
            std::snprintf(escape, sizeof escape, "\\x%02x", static_cast<unsigned char>(c));
            quoted += escape;
        }
    }
    return quoted;
}

}  // namespace fs
