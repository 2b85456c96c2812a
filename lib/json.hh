// JSON (RFC 8259): reading a text in place, without copies or memory of its own, and writing
// strings. No system calls: tested on the host.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "lib/text_buffer.hh"

namespace json {

// A value: a part of a text that has been checked, which must live as long.
class Value {
public:
    static constexpr int max_depth = 16;

    // What `text` is, with blanks around it; nothing if any of it is not JSON, or if objects and
    // arrays are nested more than max_depth deep.
    static std::optional<Value> parse(std::string_view text);

    bool is_object() const { return text_.front() == '{'; }
    bool is_array() const { return text_.front() == '['; }
    bool is_true() const { return text_.front() == 't'; }
    bool is_number() const;

    // A number times 10^decimals, without what is left behind the point; the nearest that int64_t
    // has if it is too large. Nothing if this is no number.
    std::optional<int64_t> scaled(int decimals) const;

    // An object's value of this name (the first, if there are several). Names are compared as they
    // are written, so one with an escape in it is not found.
    std::optional<Value> member(std::string_view name) const;

    std::string_view text() const { return text_; }

private:
    friend class Elements;
    explicit Value(std::string_view text) : text_(text) {}

    std::string_view text_;             // not empty, without blanks around it
};

// The values of an array, one after the other; none if it is no array.
class Elements {
public:
    explicit Elements(const Value& array);
    std::optional<Value> next();

private:
    std::string_view rest_{};           // from an element on, or empty
};

// Writes any bytes as a string; those outside ASCII as characters of Latin-1.
void put_string(TextBuffer& to, std::string_view text);

} // namespace json
