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
    const auto* commands = parsed.line->pipelines[0].commands;
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

TEST(ShellParser, RedirectsErrors)
{
    const Parsed parsed("a 2>&1 | b 2>>log >x 2>&1 | c 2>&1x 2>y");
    EXPECT_EQ(parsed.error, nullptr);
    const auto* commands = parsed.line->pipelines[0].commands;
    EXPECT_TRUE(commands[0].errors_to_output);
    EXPECT_EQ(commands[0].error_output, nullptr);
    EXPECT_STREQ(commands[1].error_output, "log");
    EXPECT_TRUE(commands[1].append_errors);
    EXPECT_FALSE(commands[1].append);
    EXPECT_TRUE(commands[1].errors_to_output);
    EXPECT_EQ(parsed.words(0, 2), (Words{"c", "x"}));
    EXPECT_STREQ(commands[2].error_output, "y");
    EXPECT_FALSE(commands[2].append_errors);
}

TEST(ShellParser, JoinsPipelines)
{
    const Parsed parsed("a && b | c || d & e; f");
    EXPECT_EQ(parsed.error, nullptr);
    ASSERT_EQ(parsed.line->pipeline_count, 5);
    const auto* pipelines = parsed.line->pipelines;
    EXPECT_EQ(pipelines[0].condition, shell::Condition::always);
    EXPECT_EQ(pipelines[1].condition, shell::Condition::success);
    EXPECT_EQ(pipelines[1].command_count, 2);
    EXPECT_EQ(pipelines[2].condition, shell::Condition::failure);
    EXPECT_TRUE(pipelines[2].in_background);
    EXPECT_EQ(pipelines[3].condition, shell::Condition::always);
    EXPECT_EQ(parsed.words(4), (Words{"f"}));
}

TEST(ShellParser, ForgetsTheLineBefore)
{
    const auto line = std::make_unique<shell::Line>();
    std::string first = "a <in >out 2>&1 && b &", second = "c; d";
    EXPECT_EQ(shell::parse(first.data(), *line), nullptr);
    EXPECT_EQ(shell::parse(second.data(), *line), nullptr);
    ASSERT_EQ(line->pipeline_count, 2);
    EXPECT_EQ(line->pipelines[0].commands[0].input, nullptr);
    EXPECT_FALSE(line->pipelines[0].commands[0].errors_to_output);
    EXPECT_EQ(line->pipelines[1].condition, shell::Condition::always);
    EXPECT_FALSE(line->pipelines[1].in_background);
}

TEST(ShellParser, SaysWhatIsWrong)
{
    for (const char* text : {"|", "a |", "a &&", "|| a", "a && || b", "a & && b", "a 2>", "2>&1", "| a", "a | | b", ";", "a;;b", "&", "a <", "a > ;", "> x",
                             "'a", "a \"b", "a\\", "a < 'x"}) {
        EXPECT_NE(Parsed(text).error, nullptr) << text;
    }
}

std::string repeated(const char* text, int count)
{
    std::string all = "a";
    for (int i = 1; i < count; i++) {
        all += text;
    }
    return all;
}

TEST(ShellParser, TakesLongLines)
{
    const Parsed pipes(repeated("|b", shell::max_pipeline_commands));
    EXPECT_EQ(pipes.error, nullptr);
    EXPECT_EQ(pipes.line->pipelines[0].command_count, shell::max_pipeline_commands);
    const Parsed words(repeated(" b", shell::max_words));
    EXPECT_EQ(words.error, nullptr);
    EXPECT_EQ(words.words(0).size(), static_cast<size_t>(shell::max_words));
    EXPECT_EQ(Parsed(repeated(";b", shell::max_pipelines)).error, nullptr);
    const std::string half = repeated("|b", shell::max_commands / 2);
    EXPECT_EQ(Parsed(half + ";" + half).error, nullptr);
}

TEST(ShellParser, RefusesLinesBeyondItsLimits)
{
    const std::string half = repeated("|b", shell::max_commands / 2);
    for (const std::string& text :
         {repeated(" b", shell::max_words + 1), repeated("|b", shell::max_pipeline_commands + 1),
          repeated(";b", shell::max_pipelines + 1), half + ";" + half + ";c",
          repeated(" b", shell::max_words - 1) + "; c d; e", repeated(" b;c", 3000)}) {
        EXPECT_NE(Parsed(text).error, nullptr) << text.substr(0, 20);
    }
}

} // namespace
