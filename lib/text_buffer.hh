// Text that grows in a buffer of fixed size. What does not fit is left out and noted.
#pragma once
#include <cstdarg>
#include <cstddef>
#include <span>
#include <string_view>

#include "inc/stdio.hh"

class TextBuffer {
public:
    explicit TextBuffer(std::span<char> buffer) : buffer_(buffer) {}

    // printf. All of it, or nothing.
    [[gnu::format(gnu_printf, 2, 3)]] void print(const char* format, ...)
    {
        va_list arguments;
        va_start(arguments, format);
        const auto length = static_cast<size_t>(
            vsnprintf(buffer_.data() + used_, room(), format, arguments));
        va_end(arguments);
        if (length < room()) {
            used_ += length;
        } else {
            overflowed_ = true;
        }
    }
    void put(char byte)
    {
        if (room() > 0) {
            buffer_[used_++] = byte;
        } else {
            overflowed_ = true;
        }
    }
    void put(std::string_view text)
    {
        for (const char byte : text) {
            put(byte);
        }
    }

    size_t size() const { return used_; }
    size_t room() const { return buffer_.size() - used_; }
    bool overflowed() const { return overflowed_; }
    std::string_view text() const { return {buffer_.data(), used_}; }

private:
    std::span<char> buffer_;
    size_t used_ = 0;
    bool overflowed_ = false;
};
