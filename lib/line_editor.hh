// A line being typed: what each key does to it, and what the screen must be sent. No device in
// here: the kernel's monitor and programs share it, and it is tested on the host.
//
// What is sent moves the cursor with backspaces alone, so it does not matter how wide the terminal
// is; only Ctrl-L sends an escape sequence.
#pragma once
#include <array>
#include <cstddef>
#include <string_view>

inline constexpr size_t longest_typed_line = 1023;

// The lines typed before, as many as fit.
class LineHistory {
public:
    void add(std::string_view line);            // unless it is empty or the newest again
    size_t count() const { return count_; }
    std::string_view line(size_t age) const;    // 0: the newest; age < count()

    // The line that was being typed when the user began to look at older ones.
    void keep_draft(std::string_view line);
    std::string_view draft() const { return {draft_.data(), draft_length_}; }

private:
    void drop_oldest();

    std::array<char, 4096> text_{};             // oldest first, a zero behind each
    size_t used_ = 0;
    size_t count_ = 0;
    std::array<char, longest_typed_line> draft_{};
    size_t draft_length_ = 0;
};

class LineEditor {
public:
    enum class Outcome { more, done, interrupted, end_of_file };

    // Called with what the screen must be sent.
    using Echo = void (*)(const char* text, size_t size);

    constexpr explicit LineEditor(Echo echo) : echo_(echo) {}

    // Begins an empty line. `prompt`, which the caller has shown, must stay while it is typed;
    // without `history` there are no older lines.
    void start(const char* prompt, LineHistory* history);

    // Takes the next byte typed. Arrows, Home, End and Delete move and edit (ECMA-48 sequences), as
    // do backspace and Ctrl-A, -B, -D, -E, -F, -K, -U and -W; Ctrl-left and Ctrl-right move by
    // words; up, down, Ctrl-P and Ctrl-N show older and newer lines; Ctrl-L clears the screen.
    // Return ends the line wherever the cursor is, Ctrl-C drops it, Ctrl-D on an empty line is
    // the end of file. A full line takes no more; other control characters and sequences do
    // nothing.
    Outcome feed(char byte);

    char* text() { return text_.data(); }       // ends with a zero, which is the caller's to change
    size_t length() const { return length_; }

private:
    enum class Escape { none, begun, parameters, letter };

    bool take_escape_sequence(char byte);
    void run_sequence(char last);
    void run_numbered_key();
    Outcome control_key(char byte);

    void insert(char byte);
    void remove(size_t begin, size_t end);
    void move_to(size_t position);
    void replace(std::string_view line);
    void show_older();
    void show_newer();
    void redraw();
    size_t word_before() const;
    size_t word_behind() const;

    void send(char byte);
    void send(std::string_view text);
    void send(size_t count, char byte);
    void flush();

    std::array<char, longest_typed_line + 1> text_{};
    size_t length_ = 0;
    size_t cursor_ = 0;
    const char* prompt_ = "";
    LineHistory* history_ = nullptr;
    size_t age_ = 0;                            // of the line shown: 0 the new one, 1 the newest old

    Escape escape_ = Escape::none;
    unsigned number_ = 0;                       // the sequence's last parameter so far

    Echo echo_;
    std::array<char, 64> output_{};
    size_t output_used_ = 0;
};
