// What the small tools share: their messages, and reading files or descriptor 0.
#pragma once
#include "lib/file.hh"

// Prints "PROGRAM: what: reason" to descriptor 2, with the error's text; returns false.
bool complain(const char* what, int error);
// The same with what was tried: "PROGRAM: cannot open 'x': reason".
bool complain_about(const char* tried, const char* path, int error);

// A file to read: `path`, or descriptor 0 if it is null.
class Input {
public:
    explicit Input(const char* path);
    Input(const Input&) = delete;
    Input& operator=(const Input&) = delete;
    ~Input();

    bool is_open() const { return number_ >= 0; }       // else it has complained
    // Bytes read, 0 at the end; complains about errors, which are negative.
    ssize_t read(void* buffer, size_t size) const;

private:
    const char* path_;
    int number_ = 0;
};

// Puts "directory/last name of `path`" into `joined`, which has room for `size` bytes; false and a
// complaint if it is too long.
bool join_path(char* joined, size_t size, const char* directory, const char* path);

// A path without ".", ".." and empty names, from the root: equal for equal files.
struct ResolvedPath {
    explicit ResolvedPath(const char* path);
    bool operator==(const ResolvedPath& other) const;
    // Whether `inner` is somewhere below this directory.
    bool contains(const ResolvedPath& inner) const;

    size_t length = 0;
    char text[max_path + 1] = {};
};

bool is_directory(const char* path);            // false, too, if it is not there

// "2026-01-31 12:00" in UTC, for seconds since 1970.
struct DateText {
    char text[32] = {};
};
DateText date_text(int64_t seconds);
