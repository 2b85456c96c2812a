#include "user/httpd/range.hh"

#include <algorithm>

#include "user/httpd/text.hh"

namespace http {
namespace {

enum class Verdict { good, outside, malformed };

// Reads "first-last", "first-" or "-suffix".
Verdict parse_range(std::string_view text, uint64_t size, Range& range)
{
    const size_t dash = text.find('-');
    if (dash == std::string_view::npos) {
        return Verdict::malformed;
    }
    const std::string_view before = take_until(text, '-');
    uint64_t first = 0, last = UINT64_MAX;
    if (before.empty()) {
        uint64_t suffix = 0;
        if (!parse_length(text, suffix)) {
            return Verdict::malformed;
        }
        suffix = std::min(suffix, size);
        range = {size - suffix, suffix};
        return suffix == 0 ? Verdict::outside : Verdict::good;
    }
    if (!parse_length(before, first) || (!text.empty() && !parse_length(text, last))
        || last < first) {
        return Verdict::malformed;
    }
    if (first >= size) {
        return Verdict::outside;
    }
    range = {first, std::min(last, size - 1) - first + 1};
    return Verdict::good;
}

} // namespace

RangeSet parse_ranges(std::string_view value, uint64_t size)
{
    RangeSet set;
    if (!equals_ignoring_case(trim(take_until(value, '=')), "bytes")) {
        return {};
    }
    uint64_t total = 0;
    bool any = false;
    while (!value.empty()) {
        const std::string_view text = trim(take_until(value, ','));
        if (text.empty()) {
            continue;                           // lists may have empty elements
        }
        Range range;
        const Verdict verdict = parse_range(text, size, range);
        if (verdict == Verdict::malformed) {
            return {};
        }
        any = true;
        if (verdict == Verdict::outside) {
            continue;
        }
        total += range.length;
        if (set.count == max_ranges || total > size) {
            return {};
        }
        set.ranges[set.count++] = range;
    }
    if (any) {
        set.kind = set.count > 0 ? RangeSet::Kind::parts : RangeSet::Kind::unsatisfiable;
    }
    return set;
}

} // namespace http
