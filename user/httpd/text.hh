// Pieces of protocol text. No system calls.
#pragma once
#include <cstdint>
#include <string_view>

namespace http {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// `text` without the blanks and tabs around it.
std::string_view trim(std::string_view text);

// `line` without the CR at its end, if there is one.
std::string_view trim_line_end(std::string_view line);

// Takes what is before the first `separator` off the front of `text`, and the separator. Takes all
// where there is none.
std::string_view take_until(std::string_view& text, char separator);

// Digits alone; false for anything else and for what does not fit 63 bits.
bool parse_length(std::string_view text, uint64_t& value);

// Whether the texts are the same but for the case of ASCII letters.
bool equals_ignoring_case(std::string_view a, std::string_view b);

} // namespace http
