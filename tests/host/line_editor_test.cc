// The line editor of shell and monitor, seen through a terminal that knows only printable
// characters, backspace and newline.
#include "lib/line_editor.hh"

#include <gtest/gtest.h>

#include <string>

namespace {

using Outcome = LineEditor::Outcome;

std::string echoed;

void echo(const char* text, size_t size)
{
    echoed.append(text, size);
}

constexpr const char* up = "\x1b[A";
constexpr const char* down = "\x1b[B";
constexpr const char* right = "\x1b[C";
constexpr const char* left = "\x1b[D";
constexpr const char* home = "\x1b[H";
constexpr const char* end = "\x1b[F";
constexpr const char* delete_key = "\x1b[3~";
constexpr const char* word_left = "\x1b[1;5D";
constexpr const char* word_right = "\x1b[1;5C";

class Line : public testing::Test {
protected:
    void SetUp() override { begin(); }

    void begin()
    {
        echoed.clear();
        line_.start("> ", &history_);
    }

    // Types keys; all but the last must leave the line open.
    Outcome type(const std::string& keys)
    {
        Outcome outcome = Outcome::more;
        for (const char key : keys) {
            EXPECT_EQ(outcome, Outcome::more);
            outcome = line_.feed(key);
        }
        return outcome;
    }

    // The same, but looks after each byte whether the screen shows the line.
    void type_and_look(const std::string& keys)
    {
        for (const char key : keys) {
            EXPECT_EQ(line_.feed(key), Outcome::more);
            EXPECT_EQ(shown(), without_blanks(line_.text()));
        }
    }

    // What the terminal shows of the line, without blanks at its end.
    static std::string shown()
    {
        std::string row;
        size_t column = 0;
        for (const char byte : echoed) {
            if (byte == '\b') {
                EXPECT_GT(column, 0u);
                column--;
            } else {
                row.resize(std::max(row.size(), column + 1), ' ');
                row[column++] = byte;
            }
        }
        return without_blanks(row);
    }
    static std::string without_blanks(const std::string& text)
    {
        return text.substr(0, text.find_last_not_of(' ') + 1);
    }

    std::string enter(const std::string& keys)
    {
        EXPECT_EQ(type(keys + "\n"), Outcome::done);
        std::string text(line_.text());
        history_.add(text);
        begin();
        return text;
    }

    LineHistory history_;
    LineEditor line_{echo};
};

TEST_F(Line, IsWhatWasTyped)
{
    EXPECT_EQ(type("help me"), Outcome::more);
    EXPECT_EQ(type("\n"), Outcome::done);
    EXPECT_STREQ(line_.text(), "help me");
    EXPECT_EQ(line_.length(), 7u);
    EXPECT_EQ(echoed, "help me\n");
}

TEST_F(Line, TakesBack)
{
    EXPECT_EQ(type("\bab\x7f" "c\b\b\b" "d\r"), Outcome::done);
    EXPECT_STREQ(line_.text(), "d");
    EXPECT_EQ(echoed, "ab\b \bc\b \b\b \bd\n");
}

TEST_F(Line, MovesAndInserts)
{
    type_and_look(std::string("bd") + left + "c" + home + "a" + end + "e" + left + left + left);
    EXPECT_STREQ(line_.text(), "abcde");
    type_and_look(std::string(right) + delete_key + "X");
    EXPECT_STREQ(line_.text(), "abcXe");
    type_and_look("\x01" "1\x05" "2\x02\x02" "3\x06" "4");
    EXPECT_STREQ(line_.text(), "1abcX3e42");
    EXPECT_EQ(type("\n"), Outcome::done);
    EXPECT_TRUE(echoed.ends_with("2\n"));       // from behind the line's end
}

TEST_F(Line, StopsAtItsEnds)
{
    type_and_look(std::string("ab") + left + left + left + "\b\x7f" + right + right + right +
                  delete_key + right + "c");
    EXPECT_STREQ(line_.text(), "abc");
}

TEST_F(Line, CutsParts)
{
    type_and_look(std::string("one two  three four") + word_left + "\x17");
    EXPECT_STREQ(line_.text(), "one two  four");
    type_and_look("\x15");
    EXPECT_STREQ(line_.text(), "four");
    type_and_look(std::string(right) + right + "\x0b");
    EXPECT_STREQ(line_.text(), "fo");
    type_and_look(std::string(" bar") + home + word_right + "X" + word_right + "Y");
    EXPECT_STREQ(line_.text(), "foX barY");
    type_and_look("\x17\x17\x17");
    EXPECT_STREQ(line_.text(), "");
}

TEST_F(Line, ControlDIsTheEndOfAnEmptyLineAlone)
{
    type_and_look(std::string("ab") + home + "\x04");
    EXPECT_STREQ(line_.text(), "b");
    type_and_look("\x04");
    EXPECT_STREQ(line_.text(), "");
    EXPECT_EQ(type("\x04"), Outcome::end_of_file);
}

TEST_F(Line, ControlCDropsTheLine)
{
    EXPECT_EQ(type(std::string("abc") + left + left + "\x03"), Outcome::interrupted);
    EXPECT_STREQ(line_.text(), "");
    EXPECT_EQ(line_.length(), 0u);
    EXPECT_TRUE(echoed.ends_with("bc^C\n"));
}

TEST_F(Line, ControlLClearsTheScreenAndShowsTheLineAgain)
{
    type(std::string("abc") + left);
    echoed.clear();
    EXPECT_EQ(type("\x0c"), Outcome::more);
    EXPECT_EQ(echoed, "\x1b[H\x1b[2J> abc\b");
}

TEST_F(Line, StopsWhenFull)
{
    EXPECT_EQ(type(std::string(5000, 'x')), Outcome::more);
    EXPECT_EQ(line_.length(), longest_typed_line);
    type(std::string(home) + "y" + end);
    EXPECT_EQ(type("\x7f" "yz\n"), Outcome::done);
    EXPECT_EQ(std::string(line_.text()), std::string(longest_typed_line - 1, 'x') + "y");
}

TEST_F(Line, SwallowsWhatIsNoKey)
{
    EXPECT_EQ(type("a\x1b[15~\x1b[200~\x1b[1;5Pb\x1bOP\x1b[?1;2c\x07\x1cz\n"), Outcome::done);
    EXPECT_STREQ(line_.text(), "abz");
    for (const char* begun : {"\x1b\n", "\x1b[1\n", "\x1bO\n"}) {     // Return ends it in any case
        begin();
        EXPECT_EQ(type(begun), Outcome::done);
        EXPECT_EQ(line_.length(), 0u);
    }
    begin();
    EXPECT_EQ(type("a\x1b[\x03"), Outcome::interrupted);
}

TEST_F(Line, KeysOfOtherTerminals)
{
    type_and_look("bc\x1bOHa\x1bOFd\x1bOD\x1bOD\x1bOC-\x1b[1~<\x1b[4~>\x1b[7~[\x1b[8~]\t.");
    EXPECT_STREQ(line_.text(), "[<abc-d>] .");
}

TEST_F(Line, HistoryGoesUpAndDown)
{
    for (const char* text : {"first", "second one", "second one", "", "third"}) {
        enter(text);
    }
    EXPECT_EQ(history_.count(), 3u);
    type_and_look(std::string("dra") + up);
    EXPECT_STREQ(line_.text(), "third");
    type_and_look(up);
    EXPECT_STREQ(line_.text(), "second one");
    type_and_look(std::string(up) + up + "\x10");
    EXPECT_STREQ(line_.text(), "first");
    type_and_look(std::string(down) + "\x0e");
    EXPECT_STREQ(line_.text(), "third");
    type_and_look(std::string(down) + down);
    EXPECT_STREQ(line_.text(), "dra");
    type_and_look(std::string("ft") + up + up + "!");
    EXPECT_EQ(enter(""), "second one!");
    type_and_look(std::string(up) + up + up);           // what was changed is a new line
    EXPECT_STREQ(line_.text(), "second one");
}

TEST_F(Line, HistoryForgetsTheOldest)
{
    for (int i = 0; i < 1000; i++) {
        enter("line " + std::to_string(i));
    }
    EXPECT_LT(history_.count(), 1000u);
    EXPECT_GT(history_.count(), 300u);
    for (size_t age = 0; age < history_.count(); age++) {
        EXPECT_EQ(history_.line(age), "line " + std::to_string(999 - age));
    }
    const std::string longest(longest_typed_line, 'l');
    for (int i = 0; i < 10; i++) {
        enter(longest.substr(static_cast<size_t>(i)));
    }
    EXPECT_EQ(history_.count(), 4u);
    EXPECT_EQ(history_.line(0), longest.substr(9));
    history_.add(std::string(5000, 'x'));
    EXPECT_EQ(history_.count(), 4u);
}

TEST_F(Line, WithoutHistoryTheArrowsDoNothing)
{
    history_.add("older");
    line_.start("", nullptr);
    EXPECT_EQ(type(std::string("abc") + up + down + "\n"), Outcome::done);
    EXPECT_STREQ(line_.text(), "abc");
}

// A linear congruential generator's keys: text and screen must agree whatever is typed.
TEST_F(Line, ScreenAndTextAgree)
{
    const std::string keys[] = {"a", "b", " ", "c", left, right, home, end, delete_key, "\b", "\x17",
                                "\x0b", "\x15", word_left, word_right, up, down, "xyz "};
    uint32_t state = 1;
    history_.add("an older line");
    history_.add("another");
    for (int i = 0; i < 20'000; i++) {
        state = state * 1664525 + 1013904223;
        type(keys[(state >> 16) % std::size(keys)]);
        if (i % 50 == 0) {
            ASSERT_EQ(shown(), without_blanks(line_.text()));
            begin();
        }
    }
}

} // namespace
