// The text screen's cells, window and cursor.
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "kern/dev/console_screen.hh"

namespace {

class Screen : public testing::Test {
protected:
    void SetUp() override { screen_.attach(cells_.data()); }

    void print(const std::string& text)
    {
        for (const char byte : text) {
            screen_.put(static_cast<uint8_t>(byte));
        }
    }
    std::string row(int number) const       // as shown, without blanks at its end
    {
        std::string text;
        for (int column = 0; column < TextScreen::columns; column++) {
            const auto cell = static_cast<size_t>(screen_.window() + number * 80 + column);
            text += static_cast<char>(cells_.at(cell) & 0xFF);
        }
        return text.substr(0, text.find_last_not_of(' ') + 1);
    }
    int cursor_row() const { return (screen_.cursor() - screen_.window()) / TextScreen::columns; }
    int cursor_column() const { return (screen_.cursor() - screen_.window()) % TextScreen::columns; }

    std::array<uint16_t, TextScreen::memory_cells> cells_{};
    TextScreen screen_;
};

TEST_F(Screen, StartsBlank)
{
    EXPECT_EQ(screen_.window(), 0);
    EXPECT_EQ(screen_.cursor(), 0);
    EXPECT_EQ(row(0), "");
    EXPECT_EQ(row(24), "");
    EXPECT_EQ(cells_[0] >> 8, 0x07);
}

TEST_F(Screen, ControlCharactersMoveTheCursor)
{
    print("abc\b\bX\n\tz\rY\a");
    EXPECT_EQ(row(0), "aXc");
    EXPECT_EQ(row(1), "Y       z");
    EXPECT_EQ(cursor_row(), 1);
    EXPECT_EQ(cursor_column(), 1);
    print("\r\b");                      // on to the row above
    EXPECT_EQ(cursor_column(), 79);
    EXPECT_EQ(cursor_row(), 0);
    print("\r\b");                      // nothing to the left
    EXPECT_EQ(cursor_column(), 0);
    EXPECT_EQ(cursor_row(), 0);
}

TEST_F(Screen, EscapeSequencesMoveTheCursor)
{
    print("\x1b[3;5Hab\x1b[A\x1b[2Dc\x1b[4Bd\x1b[7Ce");
    EXPECT_EQ(row(2), "    ab");
    EXPECT_EQ(row(1), "    c");
    EXPECT_EQ(row(5), "     d       e");
    print("\x1b[99;99H!\x1b[99A\x1b[99D?");
    EXPECT_EQ(row(24), std::string(79, ' ') + "!");
    EXPECT_EQ(row(0), "?");
    print("\x1b[H*");
    EXPECT_EQ(row(0), "*");
}

TEST_F(Screen, EscapeSequencesErase)
{
    print("one\ntwo\nthree\x1b[2;2H\x1b[K");
    EXPECT_EQ(row(1), "t");
    print("\x1b[3;2H\x1b[1K");
    EXPECT_EQ(row(2), "  ree");
    print("\x1b[1;2H\x1b[J");
    EXPECT_EQ(row(0), "o");
    EXPECT_EQ(row(2), "");
    print("xyz\x1b[2J");
    EXPECT_EQ(row(0), "");
    EXPECT_EQ(cursor_column(), 4);
}

TEST_F(Screen, EscapeSequencesThatMeanNothingHereAreSwallowed)
{
    print("a\x1b[1;31mb\x1b[?25lc\x1b[1;2;3;4;99999999999Hd\x1bMe\x1b[12\nf");
    EXPECT_EQ(row(0), "ade");
    EXPECT_EQ(row(1), "f");
}

TEST_F(Screen, ALineOverSeveralRowsCanBeTakenBack)
{
    print(std::string(200, 'x'));
    for (int i = 0; i < 200; i++) {
        print("\b \b");
    }
    for (int line = 0; line < 4; line++) {
        EXPECT_EQ(row(line), "");
    }
    EXPECT_EQ(screen_.cursor(), 0);
}

TEST_F(Screen, AFullLineWrapsWithTheNextCharacterOnly)
{
    print(std::string(80, 'a') + "\nb");
    EXPECT_EQ(row(0), std::string(80, 'a'));
    EXPECT_EQ(row(1), "b");
    print("\n" + std::string(81, 'c'));
    EXPECT_EQ(row(2), std::string(80, 'c'));
    EXPECT_EQ(row(3), "c");
}

TEST_F(Screen, ScrollsThroughAllOfTheMemoryAndOverItsEnd)
{
    bool started_over = false;
    uint16_t window = 0;
    for (int line = 0; line < 1000; line++) {
        print("line " + std::to_string(line));
        const int last = line < 24 ? line : 24;
        ASSERT_EQ(cursor_row(), last);
        for (int shown = 0; shown <= last; shown++) {
            ASSERT_EQ(row(shown), "line " + std::to_string(line - last + shown));
        }
        print("\n");
        started_over = started_over || screen_.window() < window;
        window = screen_.window();
        ASSERT_LE(window + 25 * 80, TextScreen::memory_cells);
    }
    EXPECT_TRUE(started_over);
}

} // namespace
