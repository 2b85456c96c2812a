#include "user/httpd/date.hh"

#include <algorithm>

#include "inc/stdio.hh"

namespace http {
namespace {

constexpr int64_t seconds_a_day = 86'400;
constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
constexpr std::string_view weekdays = "SunMonTueWedThuFriSat";

struct Day {
    int64_t year = 1970;
    int month = 1, day = 1;
};

// Days since 1970 of a day of the Gregorian calendar. The year begins in March here, so that the
// leap day is its last; 400 years have 146,097 days, and 1970 began 719,468 after year 0.
constexpr int64_t days_since_1970(Day date)
{
    const int64_t year = date.year - (date.month <= 2 ? 1 : 0);
    const int64_t month = (date.month + 9) % 12;
    return year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + date.day - 1
        - 719'468;
}

constexpr Day day_of(int64_t days)
{
    Day date;
    date.year = 1970 + days / 366;              // never too late, and soon right
    while (days_since_1970({date.year + 1, 1, 1}) <= days) {
        date.year++;
    }
    while (date.month < 12 && days_since_1970({date.year, date.month + 1, 1}) <= days) {
        date.month++;
    }
    date.day = static_cast<int>(days - days_since_1970({date.year, date.month, 1})) + 1;
    return date;
}
static_assert(days_since_1970({1970, 1, 1}) == 0 && days_since_1970({2000, 3, 1}) == 11'017);

// Reads a date piece by piece; after the first piece that does not fit all further ones fail.
class Reader {
public:
    explicit Reader(std::string_view text) : rest_(text) {}

    void expect(std::string_view text)
    {
        good_ = good_ && rest_.starts_with(text);
        if (good_) {
            rest_.remove_prefix(text.size());
        }
    }
    // A number of exactly `digits` digits; `blank`: the first may be a blank.
    int number(size_t digits, bool blank = false)
    {
        int value = 0;
        good_ = good_ && rest_.size() >= digits;
        for (size_t i = 0; good_ && i < digits; i++) {
            const char c = rest_[i];
            if (i == 0 && blank && c == ' ') {
                continue;
            }
            good_ = c >= '0' && c <= '9';
            value = value * 10 + (c - '0');
        }
        if (good_) {
            rest_.remove_prefix(digits);
        }
        return good_ ? value : 0;
    }
    // Which of `names`, three letters each; counts from 0.
    int name(std::string_view names)
    {
        for (size_t at = 0; good_ && at < names.size(); at += 3) {
            if (rest_.starts_with({names.data() + at, 3})) {
                rest_.remove_prefix(3);
                return static_cast<int>(at / 3);
            }
        }
        good_ = false;
        return 0;
    }
    int64_t time()
    {
        const int hour = number(2);
        expect(":");
        const int minute = number(2);
        expect(":");
        const int second = number(2);
        good_ = good_ && hour < 24 && minute < 60 && second <= 60;
        return hour * 3600 + minute * 60 + second;
    }
    bool good() const { return good_ && rest_.empty(); }

private:
    std::string_view rest_;
    bool good_ = true;
};

std::optional<int64_t> combine(const Reader& reader, Day date, int64_t time)
{
    if (!reader.good() || date.day < 1 || date.day > 31) {
        return std::nullopt;
    }
    return days_since_1970(date) * seconds_a_day + time;
}

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::optional<int64_t> parse_usual(std::string_view text)
{
    Reader reader(text);
    reader.name(weekdays);
    reader.expect(", ");
    Day date;
    date.day = reader.number(2);
    reader.expect(" ");
    date.month = reader.name(months) + 1;
    reader.expect(" ");
    date.year = reader.number(4);
    reader.expect(" ");
    const int64_t time = reader.time();
    reader.expect(" GMT");
    return combine(reader, date, time);
}

// "Sunday, 06-Nov-94 08:49:37 GMT": a year that seems over 50 years ahead is the past's.
std::optional<int64_t> parse_rfc850(std::string_view text, int64_t now)
{
    const size_t comma = std::min(text.find(','), text.size());
    Reader reader({text.data() + comma, text.size() - comma});
    reader.expect(", ");
    Day date;
    date.day = reader.number(2);
    reader.expect("-");
    date.month = reader.name(months) + 1;
    reader.expect("-");
    const int64_t this_year = day_of(now / seconds_a_day).year;
    date.year = this_year / 100 * 100 + reader.number(2);
    date.year -= date.year > this_year + 50 ? 100 : 0;
    reader.expect(" ");
    const int64_t time = reader.time();
    reader.expect(" GMT");
    return combine(reader, date, time);
}

// "Sun Nov  6 08:49:37 1994"
std::optional<int64_t> parse_asctime(std::string_view text)
{
    Reader reader(text);
    reader.name(weekdays);
    reader.expect(" ");
    Day date;
    date.month = reader.name(months) + 1;
    reader.expect(" ");
    date.day = reader.number(2, true);
    reader.expect(" ");
    const int64_t time = reader.time();
    reader.expect(" ");
    date.year = reader.number(4);
    return combine(reader, date, time);
}

// A moment as people say it. Names have three letters and no zero behind them.
struct Parts {
    explicit Parts(int64_t seconds)
    {
        constexpr int64_t latest = 253'402'300'799;     // the end of 9999
        seconds = std::clamp<int64_t>(seconds, 0, latest);
        const int64_t days = seconds / seconds_a_day;
        const int time = static_cast<int>(seconds % seconds_a_day);
        const Day date = day_of(days);
        weekday = weekdays.data() + 3 * ((days + 4) % 7);       // 1970 began on a Thursday
        month = months.data() + 3 * (date.month - 1);
        year = static_cast<int>(date.year);
        day = date.day;
        hour = time / 3600;
        minute = time / 60 % 60;
        second = time % 60;
    }

    const char* weekday = nullptr;
    const char* month = nullptr;
    int year = 0, day = 0, hour = 0, minute = 0, second = 0;
};

} // namespace

void write_date(int64_t seconds, std::span<char, date_bytes> buffer)
{
    const Parts parts(seconds);
    snprintf(buffer.data(), buffer.size(), "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT",
             parts.weekday, parts.day, parts.month, parts.year, parts.hour, parts.minute,
             parts.second);
}

void write_log_date(int64_t seconds, std::span<char, date_bytes> buffer)
{
    const Parts parts(seconds);
    snprintf(buffer.data(), buffer.size(), "%02d/%.3s/%04d:%02d:%02d:%02d +0000", parts.day,
             parts.month, parts.year, parts.hour, parts.minute, parts.second);
}

std::optional<int64_t> parse_date(std::string_view text, int64_t now)
{
    std::optional<int64_t> date = parse_usual(text);
    if (!date) {
        date = parse_rfc850(text, now);
    }
    return date ? date : parse_asctime(text);
}

} // namespace http
