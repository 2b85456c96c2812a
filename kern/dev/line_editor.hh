// A line being typed: what each byte does to it, and what to echo. No device in here.
#pragma once
#include <array>
#include <cstddef>

class LineEditor {
public:
    static constexpr size_t max_length = 1023;

    // Called with the text to echo for each byte that changes the line.
    using Echo = void (*)(const char* text);

    // Takes the next byte typed; returns whether the line is complete. Backspace and delete take
    // back a character, Ctrl-U the line, Ctrl-C the line with a new prompt. A full line takes no
    // more. Escape sequences (arrow keys) are swallowed.
    bool feed(char byte, Echo echo, const char* prompt);

    void clear();
    char* text() { return text_.data(); }           // ends with a zero
    size_t length() const { return length_; }

private:
    bool in_escape_sequence(char byte);
    void take_back(Echo echo);

    enum class Escape { none, begun, parameters };

    std::array<char, max_length + 1> text_{};
    size_t length_ = 0;
    Escape escape_ = Escape::none;
};
