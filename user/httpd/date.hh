// Dates as HTTP writes them (RFC 9110, 5.6.7). No system calls: tested on the host.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace http {

inline constexpr size_t date_bytes = 80;        // more than the 30 of any date, as printf sees it

// Writes seconds since 1970 as "Sun, 06 Nov 1994 08:49:37 GMT". From 1970 to 9999.
void write_date(int64_t seconds, std::span<char, date_bytes> buffer);

// Writes them as logs have them: "06/Nov/1994:08:49:37 +0000".
void write_log_date(int64_t seconds, std::span<char, date_bytes> buffer);

// Reads a date in any of the three forms that RFC 9110 has servers accept; none for other text.
// `now` tells the century of a two-digit year.
std::optional<int64_t> parse_date(std::string_view text, int64_t now);

} // namespace http
