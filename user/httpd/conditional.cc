#include "user/httpd/conditional.hh"

#include "user/httpd/date.hh"
#include "user/httpd/text.hh"

namespace http {
namespace {

bool is_weak(std::string_view etag) { return etag.starts_with("W/"); }

std::string_view opaque_part(std::string_view etag)
{
    if (is_weak(etag)) {
        etag.remove_prefix(2);
    }
    return etag;
}

bool matches_strongly(std::string_view a, std::string_view b)
{
    return !is_weak(a) && !is_weak(b) && a == b;
}

bool matches_weakly(std::string_view a, std::string_view b)
{
    return opaque_part(a) == opaque_part(b);
}

// Whether a list of entity tags, or "*", has the file's. Our tags hold no commas.
bool list_matches(std::string_view list, std::string_view etag,
                  bool (*matches)(std::string_view, std::string_view))
{
    if (list == "*") {
        return true;
    }
    while (!list.empty()) {
        if (matches(trim(take_until(list, ',')), etag)) {
            return true;
        }
    }
    return false;
}

bool modified_since(std::string_view date, const Validators& file, bool if_unknown)
{
    const auto then = parse_date(date, file.now);
    return !then || file.modified == 0 ? if_unknown : file.modified > *then;
}

} // namespace

// In the order of RFC 9110, 13.2.2: a date counts only where there is no tag.
int evaluate_conditions(const Request& request, const Validators& file)
{
    const std::string_view match = header_field(request, "If-Match");
    const std::string_view unmodified = header_field(request, "If-Unmodified-Since");
    if (!match.empty()) {
        if (!list_matches(match, file.etag, matches_strongly)) {
            return 412;
        }
    } else if (!unmodified.empty() && modified_since(unmodified, file, false)) {
        return 412;
    }
    const std::string_view none_match = header_field(request, "If-None-Match");
    const std::string_view modified = header_field(request, "If-Modified-Since");
    if (!none_match.empty()) {
        return list_matches(none_match, file.etag, matches_weakly) ? 304 : 200;
    }
    return modified.empty() || modified_since(modified, file, true) ? 200 : 304;
}

bool range_applies(const Request& request, const Validators& file)
{
    const std::string_view condition = header_field(request, "If-Range");
    if (condition.empty()) {
        return true;
    }
    if (condition.starts_with('"') || is_weak(condition)) {
        return matches_strongly(condition, file.etag);
    }
    const auto then = parse_date(condition, file.now);
    return then && !is_weak(file.etag) && *then == file.modified && file.modified != 0;
}

} // namespace http
