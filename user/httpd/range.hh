// Parts of files: the Range field (RFC 9110, 14). No system calls: tested on the host.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace http {

// Bytes [first, first + length) of a file.
struct Range {
    uint64_t first = 0;
    uint64_t length = 0;
    uint64_t last() const { return first + length - 1; }
};

inline constexpr size_t max_ranges = 16;        // of one request

// What a client wants of a file.
struct RangeSet {
    enum class Kind {
        whole,                                  // no ranges, or none that we need to honour
        parts,
        unsatisfiable,                          // none of them lies in the file: status 416
    };
    Kind kind = Kind::whole;
    size_t count = 0;
    std::array<Range, max_ranges> ranges{};
};

// Reads a Range field's value for a file of `size` bytes. Values that are no byte ranges, more
// than max_ranges, and ranges that together are more than the file, ask for the whole file.
RangeSet parse_ranges(std::string_view value, uint64_t size);

} // namespace http
