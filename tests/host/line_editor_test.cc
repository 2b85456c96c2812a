// The line editor of the kernel's readline.
#include <gtest/gtest.h>

#include <string>

#include "kern/dev/line_editor.hh"

namespace {

std::string echoed;

void echo(const char* text)
{
    echoed += text;
}

// Types `keys`; returns whether the last one, and no other, completed the line.
bool type(LineEditor& line, const std::string& keys)
{
    bool complete = false;
    for (const char key : keys) {
        EXPECT_FALSE(complete);
        complete = line.feed(key, echo, "> ");
    }
    return complete;
}

class Line : public testing::Test {
protected:
    void SetUp() override
    {
        echoed.clear();
        line_.clear();
    }
    LineEditor line_;
};

TEST_F(Line, IsWhatWasTyped)
{
    EXPECT_FALSE(type(line_, "help me"));
    EXPECT_TRUE(type(line_, "\n"));
    EXPECT_STREQ(line_.text(), "help me");
    EXPECT_EQ(echoed, "help me\n");
}

TEST_F(Line, TakesBack)
{
    EXPECT_TRUE(type(line_, "\bab\x7f" "c\b\b\b" "d\r"));
    EXPECT_STREQ(line_.text(), "d");
    EXPECT_EQ(echoed, "ab\b \bc\b \b\b \bd\n");
}

TEST_F(Line, ControlUAndControlC)
{
    EXPECT_TRUE(type(line_, "abc\x15" "de\x03" "f\n"));
    EXPECT_STREQ(line_.text(), "f");
    EXPECT_EQ(echoed, "abc\b \b\b \b\b \bde^C\n> f\n");
}

TEST_F(Line, StopsWhenFull)
{
    EXPECT_FALSE(type(line_, std::string(5000, 'x')));
    EXPECT_EQ(line_.length(), LineEditor::max_length);
    EXPECT_TRUE(type(line_, "\x7f" "yz\n"));
    EXPECT_EQ(std::string(line_.text()), std::string(LineEditor::max_length - 1, 'x') + "y");
}

TEST_F(Line, SwallowsEscapeSequencesAndControlCharacters)
{
    EXPECT_TRUE(type(line_, "a\x1b[A\x1b[3~\x1b[1;5Cb\x01\x1bOc\n"));
    EXPECT_STREQ(line_.text(), "abOc");
    line_.clear();
    EXPECT_TRUE(type(line_, "\x1b\n"));             // Return ends the line in any case
    line_.clear();
    EXPECT_TRUE(type(line_, "\x1b[1\n"));
}

} // namespace
