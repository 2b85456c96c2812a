#include "lib/json.hh"

#include <algorithm>

namespace json {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Takes things off the front of a text. Each function returns false where they are not there.
class Scanner {
public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    std::string_view rest() const { return rest_; }
    void skip_blanks();
    bool take(char c);
    // A value of any kind, nested at most `depth` deep; blanks may be before it.
    bool take_value(int depth, std::string_view* value = nullptr);
    bool take_string(std::string_view* inside = nullptr);
    // `"name" :` of an object, with blanks.
    bool take_name(std::string_view* name = nullptr);

private:
    bool take_word(std::string_view word);
    bool take_digits();
    bool take_number();
    bool take_escape();
    template <typename TakeOne> bool take_list(char end, TakeOne take_one);
    bool take_any(int depth);

    std::string_view rest_;
};

void Scanner::skip_blanks()
{
    const size_t blanks = rest_.find_first_not_of(" \t\r\n");
    rest_.remove_prefix(std::min(blanks, rest_.size()));
}

bool Scanner::take(char c)
{
    if (!rest_.starts_with(c)) {
        return false;
    }
    rest_.remove_prefix(1);
    return true;
}

bool Scanner::take_word(std::string_view word)
{
    if (!rest_.starts_with(word)) {
        return false;
    }
    rest_.remove_prefix(word.size());
    return true;
}

bool Scanner::take_digits()
{
    size_t count = 0;
    while (count < rest_.size() && is_digit(rest_[count])) {
        count++;
    }
    rest_.remove_prefix(count);
    return count > 0;
}

bool Scanner::take_number()
{
    take('-');
    if (!take('0') && !take_digits()) {
        return false;
    }
    if (take('.') && !take_digits()) {
        return false;
    }
    if (take('e') || take('E')) {
        if (!take('+')) {
            take('-');
        }
        return take_digits();
    }
    return true;
}

// What comes behind a backslash.
bool Scanner::take_escape()
{
    constexpr std::string_view letters = "\"\\/bfnrt";
    constexpr std::string_view hex = "0123456789abcdefABCDEF";
    if (take('u')) {
        const std::string_view digits = rest_.substr(0, 4);
        rest_.remove_prefix(digits.size());
        return digits.size() == 4 && digits.find_first_not_of(hex) == std::string_view::npos;
    }
    const bool known = !rest_.empty() && letters.find(rest_.front()) != std::string_view::npos;
    rest_.remove_prefix(known ? 1 : 0);
    return known;
}

bool Scanner::take_string(std::string_view* inside)
{
    if (!take('"')) {
        return false;
    }
    const std::string_view begin = rest_;
    while (!rest_.empty() && static_cast<unsigned char>(rest_.front()) >= ' ') {
        if (take('"')) {
            if (inside != nullptr) {
                *inside = begin.substr(0, begin.size() - rest_.size() - 1);
            }
            return true;
        }
        if (!take('\\')) {
            rest_.remove_prefix(1);
        } else if (!take_escape()) {
            return false;
        }
    }
    return false;
}

bool Scanner::take_name(std::string_view* name)
{
    skip_blanks();
    if (!take_string(name)) {
        return false;
    }
    skip_blanks();
    return take(':');
}

// What is behind an object's or an array's opening bracket.
template <typename TakeOne> bool Scanner::take_list(char end, TakeOne take_one)
{
    skip_blanks();
    if (take(end)) {
        return true;
    }
    do {
        if (!take_one()) {
            return false;
        }
        skip_blanks();
    } while (take(','));
    return take(end);
}

bool Scanner::take_any(int depth)
{
    if (take('{')) {
        return depth > 0 && take_list('}', [&] { return take_name() && take_value(depth - 1); });
    }
    if (take('[')) {
        return depth > 0 && take_list(']', [&] { return take_value(depth - 1); });
    }
    if (rest_.starts_with('"')) {
        return take_string();
    }
    return take_word("true") || take_word("false") || take_word("null") || take_number();
}

bool Scanner::take_value(int depth, std::string_view* value)
{
    skip_blanks();
    const std::string_view begin = rest_;
    if (!take_any(depth)) {
        return false;
    }
    if (value != nullptr) {
        *value = begin.substr(0, begin.size() - rest_.size());
    }
    return true;
}

// A decimal number's digits and exponent: mantissa * 10^exponent.
struct Decimal {
    bool negative = false;
    uint64_t mantissa = 0;
    int64_t exponent = 0;
};

// Of digits beyond the eighteenth only their number counts.
void add_digit(Decimal& decimal, char digit, bool behind_point)
{
    constexpr uint64_t enough = 100'000'000'000'000'000;
    if (decimal.mantissa < enough) {
        decimal.mantissa = decimal.mantissa * 10 + static_cast<uint64_t>(digit - '0');
        decimal.exponent -= behind_point ? 1 : 0;
    } else {
        decimal.exponent += behind_point ? 0 : 1;
    }
}

// `text` is what take_number() took.
Decimal read_decimal(std::string_view text)
{
    constexpr int64_t largest_exponent = 100'000;       // no text is long enough to undo it
    Decimal decimal;
    decimal.negative = text.starts_with('-');
    text.remove_prefix(decimal.negative ? 1 : 0);
    bool behind_point = false;
    size_t i = 0;
    for (; i < text.size() && text[i] != 'e' && text[i] != 'E'; i++) {
        if (text[i] == '.') {
            behind_point = true;
        } else {
            add_digit(decimal, text[i], behind_point);
        }
    }
    bool small = false;
    int64_t exponent = 0;
    for (; i < text.size(); i++) {
        small = small || text[i] == '-';
        if (is_digit(text[i])) {
            exponent = std::min(exponent * 10 + (text[i] - '0'), largest_exponent);
        }
    }
    decimal.exponent += small ? -exponent : exponent;
    return decimal;
}

} // namespace

std::optional<Value> Value::parse(std::string_view text)
{
    Scanner scanner(text);
    std::string_view value;
    if (!scanner.take_value(max_depth, &value)) {
        return std::nullopt;
    }
    scanner.skip_blanks();
    if (!scanner.rest().empty()) {
        return std::nullopt;
    }
    return Value(value);
}

bool Value::is_number() const { return text_.front() == '-' || is_digit(text_.front()); }

std::optional<int64_t> Value::scaled(int decimals) const
{
    if (!is_number()) {
        return std::nullopt;
    }
    Decimal decimal = read_decimal(text_);
    uint64_t size = decimal.mantissa;
    int64_t shift = decimal.exponent + decimals;
    for (; shift < 0 && size > 0; shift++) {
        size /= 10;
    }
    constexpr uint64_t largest = INT64_MAX;
    for (; shift > 0 && size > 0; shift--) {
        if (size > largest / 10) {
            size = largest;
            break;
        }
        size *= 10;
    }
    const auto value = static_cast<int64_t>(std::min(size, largest));
    return decimal.negative ? -value : value;
}

std::optional<Value> Value::member(std::string_view name) const
{
    Scanner scanner(text_);
    std::string_view found, value;
    if (!scanner.take('{')) {
        return std::nullopt;
    }
    while (scanner.take_name(&found) && scanner.take_value(max_depth, &value)) {
        if (found == name) {
            return Value(value);
        }
        scanner.skip_blanks();
        if (!scanner.take(',')) {
            break;
        }
    }
    return std::nullopt;
}

Elements::Elements(const Value& array)
{
    Scanner scanner(array.text());
    if (scanner.take('[')) {
        rest_ = scanner.rest();
    }
}

std::optional<Value> Elements::next()
{
    Scanner scanner(rest_);
    std::string_view value;
    rest_ = {};
    if (!scanner.take_value(Value::max_depth, &value)) {
        return std::nullopt;
    }
    scanner.skip_blanks();
    if (scanner.take(',')) {
        rest_ = scanner.rest();
    }
    return Value(value);
}

void put_string(TextBuffer& to, std::string_view text)
{
    to.put('"');
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < ' ' || byte >= 0x7F || c == '"' || c == '\\') {
            to.print("\\u%04x", byte);
        } else {
            to.put(c);
        }
    }
    to.put('"');
}

} // namespace json
