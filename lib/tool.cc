#include "lib/tool.hh"

#include "inc/error.hh"
#include "inc/stdio.hh"
#include "inc/string.hh"
#include "lib/fprintf.hh"
#include "lib/program.hh"

bool complain(const char* what, int error)
{
    fprintf(2, "%s: %s: %s\n", binaryname, what, error_text(error));
    return false;
}

bool complain_about(const char* tried, const char* path, int error)
{
    fprintf(2, "%s: %s '%s': %s\n", binaryname, tried, path, error_text(error));
    return false;
}

Input::Input(const char* path) : path_(path)
{
    if (path_ != nullptr) {
        number_ = open(path_, O_RDONLY);
        if (number_ < 0) {
            complain_about("cannot open", path_, number_);
        }
    }
}

Input::~Input()
{
    if (path_ != nullptr && number_ >= 0) {
        close(number_);
    }
}

ssize_t Input::read(void* buffer, size_t size) const
{
    const ssize_t count = ::read(number_, buffer, size);
    if (count < 0) {
        complain_about("cannot read", path_ != nullptr ? path_ : "standard input", count);
    }
    return count;
}

static const char* last_name(const char* path)
{
    const char* name = path;
    for (const char* at = path; *at != '\0'; at++) {
        if (*at == '/' && at[1] != '/' && at[1] != '\0') {
            name = at + 1;
        }
    }
    return name;
}

bool join_path(char* joined, size_t size, const char* directory, const char* path)
{
    const int length = snprintf(joined, size, "%s/%s", directory, last_name(path));
    return static_cast<size_t>(length) < size
        || complain_about("cannot use", path, to_abi(Error::bad_path));
}

ResolvedPath::ResolvedPath(const char* path)
{
    while (*path != '\0') {
        const char* const slash = strchr(path, '/');
        const size_t size = slash != nullptr ? static_cast<size_t>(slash - path) : strlen(path);
        if (size == 2 && memcmp(path, "..", 2) == 0) {
            while (length > 0 && text[--length] != '/') {
            }
            text[length] = '\0';
        } else if (size > 0 && !(size == 1 && *path == '.') && length + size + 1 < sizeof text) {
            text[length] = '/';
            memcpy(text + length + 1, path, size);
            length += size + 1;
        }
        path += size + (slash != nullptr ? 1 : 0);
    }
}

bool ResolvedPath::operator==(const ResolvedPath& other) const
{
    return length == other.length && memcmp(text, other.text, length) == 0;
}

bool ResolvedPath::contains(const ResolvedPath& inner) const
{
    return inner.length > length && memcmp(text, inner.text, length) == 0
        && inner.text[length] == '/';
}

bool is_directory(const char* path)
{
    Stat status;
    return stat(path, &status) == 0 && status.st_isdir != 0;
}

DateText date_text(int64_t seconds)
{
    constexpr uint32_t day_seconds = 86400;
    DateText date;
    if (seconds < 0 || seconds > 0xFFFFFFFF) {
        strlcpy(date.text, "?", sizeof date.text);
        return date;
    }
    const auto all = static_cast<uint32_t>(seconds);
    const auto is_leap = [](uint32_t year) { return year % 4 == 0 && (year != 2100); };
    uint32_t year = 1970;
    uint32_t day = all / day_seconds;
    for (uint32_t days = 365; day >= days; days = is_leap(year) ? 366 : 365) {
        day -= days;
        year++;
    }
    uint32_t month = 1;
    static constexpr uint8_t month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    for (const uint32_t plain : month_days) {
        const uint32_t days = month == 2 && is_leap(year) ? 29 : plain;
        if (day < days) {
            break;
        }
        day -= days;
        month++;
    }
    const uint32_t minute = all % day_seconds / 60;
    snprintf(date.text, sizeof date.text, "%04u-%02u-%02u %02u:%02u", year, month, day + 1,
             minute / 60, minute % 60);
    return date;
}
