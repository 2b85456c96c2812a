// The shell's parser.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "user/sh/parser.hh"

namespace {

struct Parsed {
    std::string text;
    std::unique_ptr<shell::Line> line = std::make_unique<shell::Line>();
    const char* error = nullptr;

    explicit Parsed(std::string input) : text(std::move(input))
    {
        error = shell::parse(text.data(), *line);
    }
    std::vector<std::string> words(int pipeline, int command = 0) const
    {
        const auto& found = line->pipelines[pipeline].commands[command];
        EXPECT_EQ(found.words[found.word_count], nullptr);
        return {found.words, found.words + found.word_count};
    }
};

using Words = std::vector<std::string>;

TEST(ShellParser, SplitsWords)
{
    const Parsed parsed("  ls  -l\t/bin \n");
    EXPECT_EQ(parsed.error, nullptr);
    EXPECT_EQ(parsed.line->pipeline_count, 1);
    EXPECT_EQ(parsed.words(0), (Words{"ls", "-l", "/bin"}));
    EXPECT_FALSE(parsed.line->pipelines[0].in_background);
}

TEST(ShellParser, EmptyLinesAndCommentsAreEmpty)
{
    for (const char* text : {"", "   ", "# all of it", "  # x"}) {
        const Parsed parsed(text);
        EXPECT_EQ(parsed.error, nullptr);
        EXPECT_EQ(parsed.line->pipeline_count, 0);
    }
    EXPECT_EQ(Parsed("echo a#b # c").words(0), (Words{"echo", "a#b"}));
}

TEST(ShellParser, KeepsWhatIsQuoted)
{
    EXPECT_EQ(Parsed("echo 'a b' \"c  d\" e\\ f '' g\"h\"i").words(0),
              (Words{"echo", "a b", "c  d", "e f", "", "ghi"}));
    EXPECT_EQ(Parsed("echo 'a\\b' \"a\\\"b\" '|' \\;").words(0),
              (Words{"echo", "a\\b", "a\"b", "|", ";"}));
}

TEST(ShellParser, ReadsListsAndBackground)
{
    const Parsed parsed("a;b x&c&");
    EXPECT_EQ(parsed.error, nullptr);
    ASSERT_EQ(parsed.line->pipeline_count, 3);
    EXPECT_EQ(parsed.words(0), (Words{"a"}));
    EXPECT_EQ(parsed.words(1), (Words{"b", "x"}));
    EXPECT_EQ(parsed.words(2), (Words{"c"}));
    EXPECT_FALSE(parsed.line->pipelines[0].in_background);
    EXPECT_TRUE(parsed.line->pipelines[1].in_background);
    EXPECT_TRUE(parsed.line->pipelines[2].in_background);
}

TEST(ShellParser, ReadsPipesAndRedirections)
{
    const Parsed parsed("cat<in|sort -r>out|wc>>log");
    EXPECT_EQ(parsed.error, nullptr);
    ASSERT_EQ(parsed.line->pipelines[0].command_count, 3);
    const auto& commands = parsed.line->pipelines[0].commands;
    EXPECT_EQ(parsed.words(0, 0), (Words{"cat"}));
    EXPECT_STREQ(commands[0].input, "in");
    EXPECT_EQ(parsed.words(0, 1), (Words{"sort", "-r"}));
    EXPECT_STREQ(commands[1].output, "out");
    EXPECT_FALSE(commands[1].append);
    EXPECT_STREQ(commands[2].output, "log");
    EXPECT_TRUE(commands[2].append);
}

TEST(ShellParser, MarksTheStatusAndTheErrorsFile)
{
    const Parsed parsed("a $? x$?y '$?' \"$?\" 12 2>log 2x");
    EXPECT_EQ(parsed.error, nullptr);
    EXPECT_EQ(parsed.words(0), (Words{"a", "\1", "x\1y", "$?", "\1", "12", "2x"}));
    EXPECT_STREQ(parsed.line->pipelines[0].commands[0].error_output, "log");
}

TEST(ShellParser, SaysWhatIsWrong)
{
    for (const char* text : {"|", "a |", "| a", "a | | b", ";", "a;;b", "&", "a <", "a > ;", "> x",
                             "'a", "a \"b", "a\\", "a < 'x"}) {
        EXPECT_NE(Parsed(text).error, nullptr) << text;
    }
}

TEST(ShellParser, HasLimits)
{
    std::string words = "a", pipes = "a", lists = "a";
    for (int i = 0; i < 100; i++) {
        words += " b";
        pipes += "|b";
        lists += ";b";
    }
    EXPECT_NE(Parsed(words).error, nullptr);
    EXPECT_NE(Parsed(pipes).error, nullptr);
    EXPECT_NE(Parsed(lists).error, nullptr);
}

} // namespace
